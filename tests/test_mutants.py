"""The net of stored outputs holds: a wrong number or shape in the model makes a notebook fail.

Each mutant gets a copy of the first cells of notebook 00, all are rerun in one session of nbval,
and each must fail where the unchanged package passes.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from source import ROOT

NOTEBOOK = ROOT / "notebooks/00_ten_minutes_with_flux.ipynb"
# As far as the shapes of twelve stages: one painting, its score, and its velocities.
LAST = "for name in seen"

MUTANTS = {
    "time_is_not_a_thousandfold": ("model.embeddings", "FACTOR = 1000.0", "FACTOR = 100.0"),
    "emb_has_other_periods": ("model.embeddings", "PERIOD = 10_000", "PERIOD = 1_000"),
    "norm_is_over_tokens": ("model.attention", "mean(dim=-1, keep", "mean(dim=-2, keep"),
    "norm_has_another_eps": ("model.attention", "keepdim=True) + 1e-6", "keepdim=True) + 1e1"),
    "scale_is_not_one_plus_scale": ("model.modulation", "(1 + scale) * x +", "scale * x +"),
    "rope_turns_the_other_way": ("model.rope", "[cos, -sin, sin, cos]", "[cos, sin, -sin, cos]"),
    "schedule_is_bent_less": ("sampling.schedule", "(4096, 1.15)", "(4096, 1.05)"),
}  # fmt: skip


def beginning_of(notebook):
    """The cells up to the last that is needed, which must be there."""
    (last,) = (i for i, cell in enumerate(notebook.cells) if LAST in cell.source)
    notebook.cells = notebook.cells[: last + 1]
    return notebook


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> set[str]:
    """Names of the mutants with which some cell fails; `none` is the package as it is."""
    folder = tmp_path_factory.mktemp("mutants")
    shutil.copy(ROOT / "notebooks/conftest.py", folder)
    for name, mutant in {"none": None, **MUTANTS}.items():
        (folder / name).mkdir()
        nbformat.write(beginning_of(nbformat.read(NOTEBOOK, 4)), folder / name / f"{name}.ipynb")
        if mutant is not None:
            module, old, new = mutant
            planted = {"module": f"fluxlearn.{module}", "old": old, "new": new}
            (folder / name / "mutant.json").write_text(json.dumps(planted), "utf-8")

    flags = ["-c", ROOT / "pyproject.toml", "--nbval", "--nbval-current-env", "-v", "--color=no"]
    paths = os.pathsep.join(
        [str(ROOT / "tests/mutation"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *flags, folder]
    environment = os.environ | {"PYTHONPATH": paths}
    report = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    ).stdout
    assert re.search(r"none\.ipynb::Cell 0 PASSED", report), report
    return set(re.findall(r"(\w+)\.ipynb::Cell \d+ FAILED", report))


@pytest.mark.notebook
def test_the_package_as_it_is_passes(failed):
    assert "none" not in failed


@pytest.mark.notebook
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_makes_the_notebook_fail(failed, mutant):
    assert mutant in failed
