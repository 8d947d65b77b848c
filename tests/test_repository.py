"""The house rules, executed."""

import house_rules
import pytest
from source import ROOT, Source, python_files, tracked_files

PACKAGE = python_files("fluxlearn")
CODE = python_files("fluxlearn", "tests", "notebooks")
TESTS = python_files("tests")
TEXTS = tracked_files(
    ".bib", ".cfg", ".gitignore", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml",
    "Makefile", "run",
)  # fmt: skip


def check(rule, sources, cure):
    """Fail with every complaint of a rule and what to do about them."""
    complaints = [complaint for source in sources for complaint in rule(source)]
    if complaints:
        pytest.fail("\n".join([cure, *complaints]), pytrace=False)


def test_a_file_imports_only_from_its_own_folder_or_a_lower_layer():
    cure = "Move what is shared to a lower row; import a name from the file that defines it."
    check(house_rules.imports_keep_to_their_layer, PACKAGE, cure)


def test_a_file_has_at_most_300_lines():
    check(house_rules.files_are_short, CODE, "Give each idea a file of its own.")


def test_a_function_has_at_most_40_lines_and_a_forward_30():
    check(house_rules.functions_are_short, CODE, "Name the steps and give each a function.")


def test_a_public_function_takes_at_most_6_parameters():
    cure = "Group what belongs together in a dataclass, or give a reason in MANY_PARAMETERS."
    check(house_rules.functions_take_few_parameters, PACKAGE, cure)


def test_every_exception_to_the_parameter_rule_is_still_needed():
    named = {f"{source.path} {name}" for source in PACKAGE for name, _ in source.public}
    assert house_rules.MANY_PARAMETERS.keys() <= named, "Remove what no longer exists."


def test_a_module_is_named_after_what_is_in_it():
    check(house_rules.modules_are_named_after_the_subject, CODE, "Use a noun of the subject.")


def test_a_todo_names_its_issue():
    check(house_rules.todos_name_an_issue, CODE, "Write the number of the issue: TODO(#12).")


def test_nothing_is_unpickled():
    cure = "Use safetensors, JSON, or torch.load(..., weights_only=True)."
    check(house_rules.nothing_is_unpickled, PACKAGE, cure)


def test_every_axis_word_is_in_the_legend():
    cure = "Use a word of fluxlearn/shapes.py, or explain the new one there."
    check(house_rules.axes_are_in_the_legend, PACKAGE, cure)


def test_public_functions_and_classes_have_docstrings():
    cure = "Say in one sentence what it is, in the subject's words."
    check(house_rules.public_names_have_docstrings, PACKAGE, cure)


def test_annotations_are_evaluated():
    cure = "Remove `from __future__ import annotations`: shape checks need the annotations."
    check(house_rules.annotations_are_evaluated, CODE, cure)


def test_every_skip_gives_a_reason():
    check(house_rules.skips_give_a_reason, TESTS, "Add reason=... to what is skipped.")


def test_no_file_names_a_place_outside_the_repository():
    cure = "Name only what every reader of the repository has."
    check(house_rules.paths_stay_in_the_repository, TEXTS, cure)


def test_every_difference_from_bfl_is_in_the_book():
    page = (ROOT / "book/differences.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    found = [row for source in PACKAGE for row in house_rules.differences(source)]
    if rows != found:
        table = ["The table of book/differences.md should read:", *found]
        pytest.fail("\n".join(table), pytrace=False)


FORWARD = "def forward(self):\n" + "    x = 1\n" * 30
AXIS, EINOPS = "from jaxtyping import Float\n", "from einops import rearrange\n"

MISTAKES = [
    (house_rules.imports_keep_to_their_layer, "from fluxlearn.sampling.tokens import patchify"),
    (house_rules.imports_keep_to_their_layer, "def f():\n    import fluxlearn.cli"),
    (house_rules.imports_keep_to_their_layer, "from ..text import clip"),
    (house_rules.imports_keep_to_their_layer, "from .. import text"),
    (house_rules.imports_keep_to_their_layer, "from fluxlearn import Flux"),
    (house_rules.imports_keep_to_their_layer, "import fluxlearn as fl"),
    (house_rules.files_are_short, "x = 1\n" * 301),
    (house_rules.functions_are_short, FORWARD),
    (house_rules.functions_are_short, "def f():\n" + "    x = 1\n" * 40),
    (house_rules.functions_take_few_parameters, "def f(a, b, c, d, *, e, f, g): ..."),
    (house_rules.todos_name_an_issue, "x = 1  # TODO later"),
    (house_rules.nothing_is_unpickled, "import pickle"),
    (house_rules.nothing_is_unpickled, "torch.load(path)"),
    (house_rules.nothing_is_unpickled, "torch.load(path, weights_only=False)"),
    (house_rules.nothing_is_unpickled, "np.load(path, allow_pickle=True)"),
    (house_rules.axes_are_in_the_legend, AXIS + 'x: Float[Tensor, "batch tokens"]'),
    (house_rules.axes_are_in_the_legend, AXIS + 'x: Float[Tensor, f"{a} batch"]'),
    (house_rules.axes_are_in_the_legend, EINOPS + 'rearrange(x, "(copies dim) -> copies dim")'),
    (house_rules.axes_are_in_the_legend, EINOPS + 'p = "copies dim -> dim"\nrearrange(x, p)'),
    (house_rules.public_names_have_docstrings, "def f(): ..."),
    (house_rules.public_names_have_docstrings, "class A: ..."),
    (house_rules.public_names_have_docstrings, 'class A:\n    """A."""\n    def f(self): ...'),
    (house_rules.annotations_are_evaluated, "from __future__ import annotations"),
    (house_rules.skips_give_a_reason, "pytest.skip()"),
    (house_rules.skips_give_a_reason, 'pytest.importorskip("diffusers")'),
    (house_rules.skips_give_a_reason, "@pytest.mark.skip\ndef test_x(): ..."),
    (house_rules.skips_give_a_reason, "@pytest.mark.skipif(True)\ndef test_x(): ..."),
    (house_rules.paths_stay_in_the_repository, "save to " + "/".join(["", "home", "me"])),
    (house_rules.paths_stay_in_the_repository, "see " + "../" * 9 + "notes.md"),
    (house_rules.paths_stay_in_the_repository, "see " + ".notes" + "/flux.md"),
    (house_rules.paths_stay_in_the_repository, "pip install --index" + "-url https://example.org"),
]


@pytest.mark.parametrize(("rule", "mistake"), MISTAKES)
def test_each_rule_catches_a_mistake(rule, mistake):
    assert list(rule(Source("fluxlearn/model/rope.py", mistake)))


ALLOWED = [
    (house_rules.imports_keep_to_their_layer, "from fluxlearn.trace.tap import tap\nimport torch"),
    (house_rules.imports_keep_to_their_layer, "from .rope import rope\nfrom ..trace import tap"),
    (
        house_rules.functions_are_short,
        FORWARD.replace("    x = 1\n", '    """A.\n\n    B."""\n', 1),
    ),
    (house_rules.functions_take_few_parameters, "def f(self, a, b, c, d, e, f): ..."),
    (house_rules.functions_take_few_parameters, "def _f(a, b, c, d, e, f, g): ..."),
    (house_rules.todos_name_an_issue, "x = 1  # TODO(#12) later"),
    (house_rules.nothing_is_unpickled, "torch.load(path, weights_only=True)"),
    (house_rules.axes_are_in_the_legend, AXIS + 'x: Float[Tensor, "*batch _ #dim 2 ..."]'),
    (house_rules.axes_are_in_the_legend, EINOPS + 'rearrange(x, "batch ... -> ... batch")'),
    (
        house_rules.public_names_have_docstrings,
        'class A:\n    """A."""\n    def forward(self): ...',
    ),
    (house_rules.public_names_have_docstrings, 'def f():\n    """F."""\n    def g(): ...'),
    (
        house_rules.skips_give_a_reason,
        'pytest.importorskip("diffusers", reason="compares with it")',
    ),
    (
        house_rules.paths_stay_in_the_repository,
        "#!/usr/bin/env bash, .github/workflows, ~/.cache/x",
    ),
    (house_rules.paths_stay_in_the_repository, "https://example.org/a/b and (h/2 · w/2) and </a>"),
]


@pytest.mark.parametrize(("rule", "correct"), ALLOWED)
def test_no_rule_forbids_what_is_correct(rule, correct):
    assert not list(rule(Source("fluxlearn/model/rope.py", correct)))


@pytest.mark.parametrize("path", ["fluxlearn/utils.py", "tests/common/x.py"])
def test_a_name_without_a_subject_is_caught(path):
    assert list(house_rules.modules_are_named_after_the_subject(Source(path, "")))


def test_a_difference_is_read_with_all_its_lines():
    comment = "x = 1  # no\n# Differs from BFL: rows\n# come first.\ny = 2\n# Not this."
    row = "| `fluxlearn/flow.py` | rows come first. |"
    assert list(house_rules.differences(Source("fluxlearn/flow.py", comment))) == [row]
