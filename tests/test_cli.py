"""The command line: what the package can do, its errors as one line, and help with an example."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import pytest
from PIL import Image
from planted_maps import planted_maps
from source import ROOT
from stub_pipeline import stub_pipeline
from tiny_files import bfl_file, published_flux
from typer.testing import CliRunner

import fluxlearn
from fluxlearn.cli import app as commands
from fluxlearn.cli.app import app
from fluxlearn.demo import run
from fluxlearn.toy.evaluate import Row
from fluxlearn.toy.gates import as_card

# `fluxlearn.load` is the function; its module has to be asked for by name.
LOAD = import_module("fluxlearn.load")
COMMANDS = [
    "demo", "paint", "points", "explain", "evaluate", "localise", "convert", "train", "train toy",
    "bench", "bench cuda",
]  # fmt: skip
EXAMPLES = [
    commands.DEMO, commands.PAINT, commands.POINTS, commands.EXPLAIN, commands.EVALUATE,
    commands.LOCALISE, commands.CONVERT, commands.TOY,
]  # fmt: skip


def call(*arguments):
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(app, list(arguments))


@pytest.fixture
def stub(monkeypatch):
    """Every model is the stub."""
    pipe = stub_pipeline()
    for home in (LOAD, run):
        monkeypatch.setattr(home, "load", lambda name: pipe)
    return pipe


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_a_worked_example(command):
    result = call(*command.split(), "--help")

    assert result.exit_code == 0
    assert f"Example:  fluxlearn {command}" in " ".join(result.output.split(" "))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs(example, monkeypatch, tmp_path, stub):
    row = Row(clause="full", n=64, mean=0.9, low=0.8, high=1.0, chance=0.1)
    scores = {"test": as_card([row]), "novel": as_card([row])}
    card = {"toy-base": scores, "toy-dev": scores, "missed": []}
    monkeypatch.setattr("fluxlearn.toy.gates.evaluate_model", lambda *_, **__: [row])
    monkeypatch.setattr("fluxlearn.toy.recipe.train_toy", lambda *_: card)
    monkeypatch.setattr(
        "fluxlearn.toy.localisation.looking.look_at_scenes", lambda *_, **__: planted_maps()
    )
    monkeypatch.chdir(tmp_path)
    bfl_file(tmp_path / "flux1-dev.safetensors", published_flux())  # what `convert` reads
    _, name, *arguments = shlex.split(example.removeprefix("Example:"))

    result = call(name, *arguments)

    assert result.exit_code == 0, result.output


def test_localise_tells_what_was_chosen_and_how_many_pictures_count(monkeypatch, stub):
    look = "fluxlearn.toy.localisation.looking.look_while_painting"
    monkeypatch.setattr(look, lambda *_, **__: replace(planted_maps(), kept=31))

    result = call("localise", "toy-dev", "--scenes", "40", "--painted")

    assert result.exit_code == 0, result.output
    assert "31 of 40 pictures show what their caption tells" in result.output
    assert "concepts, best, shape: double." in result.output


def test_the_version_is_the_packages():
    assert call("--version").output == f"fluxlearn {fluxlearn.__version__}\n"


def test_help_comes_without_waiting_for_torch():
    code = "import sys, fluxlearn.cli.app; assert 'torch' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_points_lists_names_shapes_and_meanings():
    result = call("points", "double.0.img.mod.*")

    assert result.exit_code == 0
    assert re.search(r"mod\.gate1 .*\[batch, 1, dim\]  how much", result.output)
    assert result.output.endswith("6 points\n")


def test_explain_tells_shape_equation_and_meaning():
    result = call("explain", "pe")

    assert "FLUX.1: [1, 1, 4608, 64, 2, 2]" in result.output
    assert "identity for text" in result.output


def test_paint_writes_the_picture_and_says_where(stub, tmp_path):
    out = tmp_path / "circle.png"

    result = call("paint", "a red circle", "--steps", "2", "--seed", "3", "--out", str(out))

    assert "1 picture of 128 × 128 px, 2 steps, seed 3" in result.output
    assert result.output.endswith(f"{out}\n")
    with Image.open(out) as image:
        assert image.size == (128, 128)


def test_several_prompts_are_painted_side_by_side(stub, tmp_path):
    call("paint", "one", "two", "--steps", "1", "--width", "64", "--out", str(tmp_path / "a.png"))

    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (128, 128)


def test_a_reference_is_shown_to_the_model(stub, tmp_path):
    Image.new("RGB", (300, 100), "red").save(tmp_path / "red.png")
    options = ["--steps", "1", "--out", str(tmp_path / "out.png")]

    result = call("paint", "a circle", "--reference", str(tmp_path / "red.png"), *options)

    # Of the preferred sizes, scaled to a model of 128 pixels, the widest.
    assert "192 × 80 px" in result.output


def test_a_start_image_gives_the_size_unless_one_is_asked_for(stub, tmp_path):
    Image.new("RGB", (48, 32)).save(tmp_path / "start.png")
    out, start = str(tmp_path / "out.png"), str(tmp_path / "start.png")

    own = call("paint", "x", "--start-image", start, "--strength", "0.5", "--out", out)
    asked = call("paint", "x", "--start-image", start, "--width", "64", "--out", out)

    assert "48 × 32 px" in own.output
    assert "64 × 32 px" in asked.output


def test_the_demo_prints_the_stages_the_verdict_and_the_paths(stub, tmp_path):
    result = call("demo", "--prompt", "a red circle", "--steps", "2", "--out", str(tmp_path))

    assert result.exit_code == 0, result.output
    assert "[batch 1, vec 12]" in result.output
    assert "clauses of the prompt hold" in result.output
    assert str(tmp_path / "index.html") in result.output


MISTAKES = {
    "a misspelt point": (["explain", "embed.ing"], "Did you mean embed.img"),
    "a glob without points": (["points", "triple.*"], "is no point of this model"),
    "an unknown model": (["paint", "x", "--model", "flux-9"], "There are toy-dev, toy-base"),
    "an unknown solver": (["paint", "x", "--solver", "rk45"], "there are euler, midpoint, heun"),
    "an odd size": (["paint", "x", "--height", "100"], "a positive multiple of 16"),
    "no steps": (["paint", "x", "--steps", "0"], "at least 1"),
    "an unknown kind of file": (["paint", "x", "--out", "x.psd2"], "Use .png"),
    "a missing folder": (["paint", "x", "--out", "no/where.png"], "is not a folder"),
    "no folder for the figures": (
        ["localise", "toy-dev", "--json", "no/a.json"],
        "is not a folder",
    ),
    "a missing start image": (["paint", "x", "--start-image", "none.png"], "none.png"),
}


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(mistake, monkeypatch, tmp_path):
    arguments, words = MISTAKES[mistake]
    monkeypatch.chdir(tmp_path)
    if mistake != "an unknown model":
        monkeypatch.setattr(LOAD, "load", lambda name: stub_pipeline())

    result = call(*arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_an_error_nobody_foresaw_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr("fluxlearn.catalogue.points", lambda glob: {}["a bug"])

    result = call("points")

    assert result.exit_code == 1
    assert isinstance(result.exception, KeyError)


def test_a_foreseen_error_keeps_its_traceback_when_asked():
    result = call("--traceback", "points", "triple.*")

    assert isinstance(result.exception, ValueError)
