"""The source of a value is the statement that made it, read from the file that ran."""

import pytest
from source import ROOT
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.walk import walk
from fluxlearn.trace.source import statement_at, tapping_statement


@pytest.fixture(scope="module")
def sources():
    """Where each value of a painting comes from."""
    stages = walk(tiny_pipeline(), tiny_conditioning(batch=1))
    return {stage.point: stage.source for stage in stages}


@pytest.mark.parametrize(
    ("point", "file", "text"),
    [
        ("double.0.img.q", "model/attention.py", 'q = tap(owner, "q", self.query_norm(q_raw))'),
        ("double.1.txt.z", "model/double_block.py",
         'out = tap(attn, "attn_out", attn.proj(tap(attn, "z", z)))'),
        ("double.1.txt.resid_post", "model/double_block.py",
         'return tap(mlp, "resid_post", x + write)'),
        ("double.0.bypass", "model/double_block.py", 'if tap(self, "bypass", False):'),
        ("single.1.mod.gate", "model/modulation.py",
         "named = [tap(self, name, chunk) for name, chunk in zip(self._names(), chunks, "
         "strict=True)]"),
        ("single.0.cat", "model/single_block.py",
         'out = tap(self, "out", self.linear2(tap(self, "cat", torch.cat([z, act], dim=-1))))'),
        ("step.v", "sampling/solvers.py", 'v = tap(owner, "v", velocity(x, time))'),
        ("decoder.up.2", "autoencoder/decoder.py", 'h = tap(self, f"up.{i}", level(h))'),
    ],
)  # fmt: skip
def test_a_value_leads_to_the_statement_that_made_it(sources, point, file, text):
    assert (sources[point].file, sources[point].text) == (f"fluxlearn/{file}", text)


def test_a_statement_of_many_lines_is_told_whole(sources):
    text = sources["step.eps_hat"].text

    assert text.startswith("return State(\n    index=index,")
    assert text.endswith("\n)")


def test_every_statement_stands_in_its_file_at_its_line_and_taps(sources):
    for point, source in sources.items():
        lines = (ROOT / source.file).read_text("utf-8").splitlines()
        first = source.text.splitlines()[0]
        assert lines[source.line - 1].strip() == first, point
        assert "tap(" in source.text, point


def test_a_source_prints_as_its_place(sources):
    assert str(sources["pe"]).startswith("fluxlearn/model/flux.py, line ")


def test_a_file_outside_the_package_is_told_by_its_name(tmp_path):
    (tmp_path / "mine.py").write_text("x = 1\nif x:\n    y = [\n        x,\n    ]\n")

    (head, inner) = (statement_at(str(tmp_path / "mine.py"), line) for line in (2, 4))

    assert (head.file, head.line, head.text) == ("mine.py", 2, "if x:")
    assert (inner.line, inner.text) == (3, "y = [\n    x,\n]")


def test_without_a_tap_there_is_no_statement():
    with pytest.raises(LookupError, match="no tap led here"):
        tapping_statement()
