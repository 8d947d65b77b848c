"""A stage tells what a value is, and takes only what can stand in its place."""

import re

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.sampling.walk import walk


def stage_of(point, **keywords):
    """One stage of a tiny forward, no longer at work in it."""
    (stage,) = walk(tiny_flux(), **tiny_inputs(**keywords), break_at=point)
    stage.is_passed = False  # what may be assigned does not depend on the pass
    return stage


def test_a_stage_has_the_tables_words():
    stage = stage_of("double.1.img.q")

    assert (stage.point, stage.equation) == ("double.1.img.q", "scale·q_raw / rms(q_raw)")
    assert (stage.meaning, stage.look) == (
        "queries before rotation",
        "unit size times a learned scale",
    )
    assert (stage.at.layer, stage.at.stream, stage.at.step) == (1, "img", None)


@pytest.mark.parametrize(
    ("point", "shape"),
    [
        ("double.0.img.q", "[batch 2, head 2, img 6, head_dim 16]"),
        ("pe", "[batch 2, 1, seq 11, pair 8, 2, 2]"),
        ("single.0.cat", "[batch 2, seq 11, 160]"),
        ("in.t", "[batch 2]"),
        ("double.0.attn.mask", "a single value"),
        ("double.0.bypass", "a single value"),
    ],
)
def test_the_shape_is_in_words_and_sizes(point, shape):
    assert stage_of(point).shape == shape


def test_the_numbers_are_those_of_the_value():
    stage = stage_of("vec")
    stage.value = torch.linspace(-1, 3, 64).reshape(2, 32)

    assert stage.numbers == "mean 1, spread 1.17, from -1 to 3"


def test_a_few_numbers_are_told_one_by_one():
    stage = stage_of("in.t")
    stage.value = torch.tensor([0.25, 1.0])

    assert stage.numbers == "0.25, 1"


def test_numbers_that_are_none_are_counted():
    stage = stage_of("vec")
    odd = stage.value.clone()
    odd[0, :3] = float("nan")
    stage.value = odd

    assert stage.numbers.endswith("; 3 are NaN or infinite")


@pytest.mark.parametrize(
    ("point", "new", "error", "words"),
    [
        ("vec", torch.zeros(1, 32), ValueError, ["(1, 32) torch.float32", "[batch 2, dim 32]"]),
        ("vec", torch.zeros(2, 32).half(), ValueError, ["torch.float16", "(2, 32) torch.float32"]),
        ("vec", 0.0, TypeError, ["'vec' was given 0.0", "full_like"]),
        ("vec", None, TypeError, ["'vec' was given None", "[batch 2, dim 32]"]),
        ("double.0.bypass", 1.0, TypeError, ["1.0", "True or False"]),
        ("double.0.attn.mask", 3, TypeError, ["3", "a tensor or None"]),
    ],
    ids=["shape", "dtype", "number", "nothing", "bypass", "mask"],
)
def test_what_cannot_take_the_values_place_is_refused_at_the_assignment(point, new, error, words):
    stage = stage_of(point)
    before = stage.value

    with pytest.raises(error) as caught:
        stage.value = new

    assert all(word in str(caught.value) for word in words)
    assert stage.value is before


def test_show_prints_all_that_is_known(capsys):
    stage = stage_of("double.0.img.q")

    stage.show()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "double.0.img.q"
    names = [line[2:12].strip() for line in lines[1:] if line[2] != " "]
    assert names == ["shape", "equation", "meaning", "look for", "values", "source"]
    assert "torch.float32 on cpu" in lines[1]
    assert lines[-1] == ' ' * 12 + 'q = tap(owner, "q", self.query_norm(q_raw))'  # fmt: skip


def test_inside_a_sampler_the_title_tells_when():
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)

    (stage,) = walk(pipe, prompt, break_at="vec", step=1)

    assert re.fullmatch(r"vec  step 1, t = 0\.\d\d", str(stage.card()).splitlines()[0])


def test_jupyter_gets_a_picture_the_words_and_plain_text():
    bundle = stage_of("double.0.img.q")._repr_mimebundle_()

    html = bundle["text/html"]
    assert re.search(r'<img src="data:image/png;base64,iVBOR[^"]+" alt="[^"]{20,}" width="', html)
    assert "[batch 2, head 2, img 6, head_dim 16]" in html
    assert "q = tap(owner, &quot;q&quot;, self.query_norm(q_raw))" in html
    assert bundle["text/plain"].startswith("double.0.img.q\n  shape ")


def test_a_flag_has_no_picture():
    assert "<img" not in stage_of("double.0.bypass")._repr_mimebundle_()["text/html"]


def test_in_jupyter_show_displays_the_card(monkeypatch):
    display = pytest.importorskip("IPython.display", reason="IPython displays")
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: "a shell")
    monkeypatch.setattr(display, "display", shown.append)

    stage_of("vec").show()

    assert [card.title for card in shown] == ["vec"]
