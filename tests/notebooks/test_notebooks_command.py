"""Notebooks are found by the start of their names, executed whole or not at all, and checked."""

import sys
from types import SimpleNamespace

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from fluxlearn.cli.app import app
from fluxlearn.notebooks import verify as verifying
from fluxlearn.notebooks.execute import execute
from fluxlearn.notebooks.find import find_notebooks
from fluxlearn.notebooks.verify import verify


@pytest.fixture
def folder(tmp_path):
    """A folder with two notebooks."""
    for name in ("00_first", "07_second"):
        nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")]), tmp_path / f"{name}.ipynb")
    return tmp_path


def call(*arguments):
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(app, list(arguments))


def test_a_notebook_is_found_by_the_beginning_of_its_name(folder):
    assert [path.stem for path in find_notebooks(folder, "07")] == ["07_second"]
    assert [path.stem for path in find_notebooks(folder)] == ["00_first", "07_second"]


def test_an_unknown_notebook_is_told_which_there_are(folder):
    result = call("notebooks", "run", "09", "--folder", str(folder))

    assert result.exit_code == 2
    assert "'09' begins no notebook's name" in result.output
    assert "00_first, 07_second" in result.output


def test_a_folder_without_notebooks_is_told_the_cure(tmp_path):
    with pytest.raises(ValueError, match="holds no notebooks.*--folder"):
        find_notebooks(tmp_path)


@pytest.mark.notebook
def test_a_run_stores_outputs_in_one_normal_form_or_nothing(tmp_path):
    path = tmp_path / "00.ipynb"
    tagged = new_code_cell("6 * 7", metadata={"tags": ["x"], "collapsed": True})
    nbformat.write(new_notebook(cells=[tagged], metadata={"author": "me"}), path)

    execute(path)
    (cell,) = (stored := nbformat.read(path, as_version=4)).cells

    assert cell.outputs[0].data["text/plain"] == "42"
    assert cell.execution_count == 1
    assert cell.metadata == {"tags": ["x"]}
    assert stored.metadata.language_info == {"name": "python"}

    stored.cells.append(new_code_cell("1 / 0"))
    nbformat.write(stored, path)
    before = path.read_bytes()
    with pytest.raises(CellExecutionError):
        execute(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_verifying_runs_nbval_and_the_rules_on_the_chosen_notebooks(folder, monkeypatch):
    (folder / "tests").mkdir()
    (folder / verifying.RULES).touch()
    calls = []

    def run(command, cwd):
        calls.append((command, cwd))
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(verifying.subprocess, "run", run)
    passed = verify(find_notebooks(folder, "07"), folder)

    ((command, cwd),) = calls
    assert not passed
    assert command[0] == sys.executable
    assert "--nbval" in command
    assert command[command.index("-k") + 1] == "07_second"
    assert command[-2:] == [str(folder / "07_second.ipynb"), str(verifying.RULES)]
    assert cwd == folder


def test_notebooks_outside_the_repository_cannot_be_verified(folder):
    with pytest.raises(ValueError, match=r"holds the rules. Use a clone"):
        verify(find_notebooks(folder), folder)


@pytest.mark.parametrize("command", ["run", "check", "solutions"])
def test_every_help_has_a_worked_example(command):
    result = call("notebooks", command, "--help")

    assert f"Example:  fluxlearn notebooks {command}" in " ".join(result.output.split(" "))
