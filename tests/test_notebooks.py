"""Stored notebooks are worth comparing with, and the comparison sees what it should."""

import shutil
import subprocess
import sys

import nbformat
import notebook_rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from rounding import same_up_to_rounding
from source import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def says(text):
    """A stored output of print()."""
    return [new_output("stream", name="stdout", text=text)]


def shows(**data):
    """A stored output of display()."""
    return [new_output("display_data", data=data)]


def notebook(*cells):
    """Code cells from (source, outputs), run in order, with a line of prose before each."""
    code = [
        new_code_cell(source, outputs=outputs, execution_count=count)
        for count, (source, outputs) in enumerate(cells, 1)
    ]
    return new_notebook(cells=[cell for c in code for cell in (new_markdown_cell("See:"), c)])


def with_null_count():
    book = notebook(("print(1)", says("1\n")))
    book.cells[1].execution_count = None
    return book


def with_code_after_code():
    book = notebook(("1", []), ("2", []))
    del book.cells[2]
    return book


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", notebook_rules.RULES, ids=lambda rule: rule.__name__)
def test_a_stored_notebook_keeps_the_rules(rule, path):
    complaints = list(rule(nbformat.read(path, as_version=4)))

    if complaints:
        cure = f"{path.name}: edit it and run `make notebooks`."
        pytest.fail("\n".join([cure, *complaints]), pytrace=False)


def test_the_rules_pass_a_good_notebook():
    image = {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": "iVBORw0KGgo="}
    good = notebook(("print(1 / 3)", says("0.333 of ours/theirs\n")), ("plot();", shows(**image)))

    assert not [complaint for rule in notebook_rules.RULES for complaint in rule(good)]


MISTAKES = [
    (notebook_rules.every_cell_was_run_in_order, with_null_count()),
    (notebook_rules.no_output_is_an_error_or_warning, notebook(("f()", [new_output("error")]))),
    (
        notebook_rules.no_output_is_an_error_or_warning,
        notebook(("f()", [new_output("stream", name="stderr", text="UserWarning")])),
    ),
    (
        notebook_rules.no_output_names_a_path,
        notebook(("f()", says("saved to " + "/".join(["", "home", "me", "a.png"])))),
    ),
    (
        notebook_rules.every_figure_is_stored,
        notebook(("plot()", shows(**{"text/plain": "<Figure size 640x480 with 1 Axes>"}))),
    ),
    (notebook_rules.a_notebook_is_small, notebook(("f()", says("x" * 2_000_001)))),
    (notebook_rules.a_notebook_is_small, notebook(*[("f()", [])] * 21)),
    (notebook_rules.code_cells_are_short, notebook(*[("f()", [])] * 2, ("f()\n" * 11, []))),
    (notebook_rules.code_cells_are_short, notebook(("f()\n" * 5, []))),
    (notebook_rules.prose_stands_between_code, with_code_after_code()),
    (notebook_rules.nearly_all_outputs_are_compared, notebook(("# NBVAL_IGNORE_OUTPUT\nf()", []))),
]


@pytest.mark.parametrize(("rule", "mistaken"), MISTAKES)
def test_each_rule_catches_a_mistake(rule, mistaken):
    assert list(rule(mistaken))


@pytest.mark.parametrize(
    ("stored", "rerun"),
    [
        ("loss 0.123456", "loss 0.123457"),
        ("0.12349999", "0.12350001"),
        ("norm   9.9996 |", "norm  10.0001 |"),
        ("tensor([1., 2.5e-7])", "tensor([1.0001, 2.6e-07])"),
        ("img 64 tokens of conv2d", "img 64 tokens of conv2d"),
    ],
)
def test_rounding_is_forgiven(stored, rerun):
    assert same_up_to_rounding(stored, rerun)


@pytest.mark.parametrize(
    ("stored", "rerun"),
    [
        ("loss 0.123", "loss 0.124"),
        ("torch.Size([2, 64])", "torch.Size([2, 63])"),
        ("torch.Size([2, 64])", "torch.Size([2, 64, 1])"),
        ("step 1", "step 1.0"),
        ("-0.5", "0.5"),
        ("1.0", "nan"),
        ("conv2d", "conv3d"),
        ("<object at 0x7f10>", "<object at 0x7f20>"),
        ("4096 tokens", "4097 tokens"),
    ],
)
def test_a_change_is_not_forgiven(stored, rerun):
    assert not same_up_to_rounding(stored, rerun)


# What is stored, what a rerun gives, and whether the net should let it through.
CELLS = [
    ("print(0.1 + 0.2)", says("0.3000001\n"), True),
    ("print(0.1 + 0.2)", says("0.31\n"), False),
    ("print((2, 3))", says("(2, 4)\n"), False),
    ("'silenced';", [], True),
    ("'shown'", [], False),
    ("print(id(object()))", says("140234\n"), False),
    ("import sys; print(1, file=sys.stderr)", [], True),
]


@pytest.mark.notebook
def test_a_rerun_passes_when_only_rounding_differs(tmp_path):
    stored = notebook(*[(source, outputs) for source, outputs, _ in CELLS])
    nbformat.write(stored, tmp_path / "stored.ipynb")
    shutil.copy(ROOT / "notebooks/conftest.py", tmp_path)
    flags = ["-c", ROOT / "pyproject.toml", "--nbval", "--nbval-current-env", "-v", "--color=no"]

    command = [sys.executable, "-m", "pytest", *flags, tmp_path]
    report = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout

    passed = [f"Cell {number} PASSED" in report for number in range(len(CELLS))]
    assert passed == [should_pass for *_, should_pass in CELLS], report
