"""`fluxlearn walk`: a line for each stage, a card for those that were asked for."""

import shlex
from importlib import import_module

import pytest
from stub_pipeline import stub_pipeline
from typer.testing import CliRunner

from fluxlearn.cli.app import WALK, app

LOAD = import_module("fluxlearn.load")


def call(*arguments):
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    """Every model is the stub."""
    pipe = stub_pipeline()
    monkeypatch.setattr(LOAD, "load", lambda name: pipe)
    return pipe


def test_the_help_has_a_worked_example():
    result = call("walk", "--help")

    assert result.exit_code == 0
    assert "Example:  fluxlearn walk" in result.output


def test_the_example_runs():
    _, *arguments = shlex.split(WALK.removeprefix("Example:"))

    result = call(*arguments)

    assert result.exit_code == 0, result.output
    assert result.output.startswith("double.0.img.mod.shift1  step 0, t = 1.00\n  shape     [batch")


def test_every_stage_has_a_line(stub):
    result = call("walk", "a red circle", "--step", "1")

    lines = result.output.splitlines()
    assert len(lines) == 2 + 1 + len(stub.flux.points()) + 5 + 8
    assert lines[0].split()[:2] == ["text.t5", "[batch"]
    assert lines[-1].startswith("decoder.pixels")
    assert all("mean" in line for line in lines if "img.q " in line)


def test_a_seed_changes_the_noise_and_not_the_prompt():
    first, second = (call("walk", "x", "--at", "*.latent", "--seed", s).output for s in "12")

    assert first.splitlines()[0] == second.splitlines()[0] == "in.latent"
    assert first != second


MISTAKES = {
    "a misspelt point": (["--at", "double.0.img.gat1"], "Did you mean"),
    "a step beyond the last": (["--step", "3"], "takes 3 steps, counted from 0 to 2"),
    "a negative seed": (["--seed", "-1"], "seed is -1"),
}


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(mistake):
    arguments, words = MISTAKES[mistake]

    result = call("walk", "x", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
