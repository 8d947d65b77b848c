"""`fluxlearn export` on the command line."""

from importlib import import_module

import pytest
from stub_pipeline import stub_pipeline
from test_cli import call

from fluxlearn.cli import app

# `fluxlearn.load` is the function; its module has to be asked for by name.
LOAD = import_module("fluxlearn.load")


@pytest.fixture
def stub(monkeypatch):
    """Every model is the stub."""
    pipe = stub_pipeline()
    monkeypatch.setattr(LOAD, "load", lambda name: pipe)
    return pipe


@pytest.mark.parametrize("command", ["export", "export onnx", "export summary"])
def test_every_help_has_a_worked_example(command):
    result = call(*command.split(), "--help")

    assert result.exit_code == 0
    assert f"Example:  fluxlearn {command}" in result.output


def test_onnx_exports_the_flow_model_and_says_where(stub, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        "fluxlearn.export.onnx.export_onnx",
        lambda *given, **options: asked.append((given, options)),
    )
    out = tmp_path / "toy.onnx"

    result = call("export", "onnx", "toy-dev", "--out", str(out), "--output", "vec", "--external")

    assert result.output == f"{out}\n"
    assert asked == [((stub.flux, out), {"outputs": ["vec"], "external": True})]


@pytest.mark.parametrize("out", ["a.pt", "no/where.onnx"])
def test_a_wrong_place_is_told_before_a_model_is_loaded(out, monkeypatch, tmp_path):
    monkeypatch.setattr(LOAD, "load", lambda name: pytest.fail("too late"))
    monkeypatch.chdir(tmp_path)

    result = call("export", "onnx", "toy-dev", "--out", out)

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_summary_of_flux_dev_needs_no_weights(monkeypatch):
    monkeypatch.setattr(LOAD, "load", lambda name: pytest.fail("nothing is to be loaded"))
    _, _, _, *arguments = app.SUMMARY.split()

    result = call("export", *arguments)

    assert result.exit_code == 0, result.output
    assert "Parameters: 11,901,408,320" in result.output
    assert "74,384,653,418,496" in result.output


def test_summary_of_a_model_of_ones_own_has_its_sizes(stub):
    result = call("export", "summary", "toy-dev", "--img", "6", "--txt", "5")

    assert f"Parameters: {sum(w.numel() for w in stub.flux.parameters()):,}" in result.output
    assert "(batch 1, img 6, txt 5)" in result.output
