"""Bad input: every public entry says what is wrong, what it expected and what to do.

Each row is a call, the error and words of its message: the value, the expectation, the cure. All
errors come before any model runs, no handler stays behind and no file is left half-written.
"""

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from tiny_models import (
    AUTOENCODER,
    FLUX,
    tiny_autoencoder,
    tiny_conditioning,
    tiny_flux,
    tiny_inputs,
    tiny_pipeline,
)

import fluxlearn as fl
from fluxlearn.checkpoints.bfl import read_model
from fluxlearn.checkpoints.safe import save_weights
from fluxlearn.sampling.schedule import make_schedule
from fluxlearn.sampling.tokens import patchify, unpatchify
from fluxlearn.trace.reduce import keep, mean_heads
from fluxlearn.trace.tap import watched

pytestmark = pytest.mark.usefixtures("unchecked_shapes")


class Case(NamedTuple):
    """A call that must fail, and how."""

    name: str
    call: Callable[[Path], object]  # gets an empty folder
    error: type[Exception]
    words: tuple[str, ...]  # all of them are in the message


def forward(**changes):
    """Flux.forward with some arguments replaced."""
    return lambda folder: tiny_flux()(**(tiny_inputs() | changes))


def paint(*args, **options):
    """Pipeline.paint on a tiny pipeline."""
    prompt = args or (tiny_conditioning(),)
    return lambda folder: tiny_pipeline().paint(*prompt, **options)


def recording(points, run=True, **options):
    """A tiny forward while recording."""

    def call(folder):
        flux = tiny_flux()
        with fl.record(flux, points, **options):
            if run:
                flux(**tiny_inputs())

    return call


def editing(edits, **options):
    """A tiny forward while editing."""

    def call(folder):
        flux = tiny_flux()
        with fl.edit(flux, edits, **options):
            flux(**tiny_inputs())

    return call


def reading(write: Callable[[Path], None]):
    """Loading a flow model from a file that `write` made."""

    def call(folder):
        path = folder / "model.safetensors"
        write(path)
        return read_model(path, fl.FluxConfig, fl.Flux)

    return call


def whole(path: Path, config=FLUX, drop: str = "", extra: str = "") -> None:
    """A model's file, with a key missing or too much."""
    from dataclasses import asdict

    tensors = {k: v for k, v in tiny_flux(config).state_dict().items() if k != drop}
    if extra:
        tensors[extra] = torch.zeros(1)
    save_file(tensors, path, {"config": json.dumps(asdict(FLUX))})


def truncated(path: Path) -> None:
    whole(path)
    path.write_bytes(path.read_bytes()[:-100])


def unwritable(folder: Path):
    (folder / "file").write_text("in the way")
    save_weights(tiny_autoencoder(), folder / "file" / "ae.safetensors", AUTOENCODER)


NAN = torch.full((2, 6, 16), float("nan"))
INPUTS = tiny_inputs()

CASES = [
    # The transformer.
    Case(
        "untokenised latents",
        forward(img=torch.zeros(2, 4, 4, 6)),
        ValueError,
        ("4 axes", "(2, 4, 4, 6)", "patchify()"),
    ),
    Case(
        "wrong channel count", forward(img=torch.zeros(2, 6, 8)), ValueError, ("8 wide", "takes 16")
    ),
    Case(
        "text of another model",
        forward(txt=torch.zeros(2, 5, 99)),
        ValueError,
        ("99 wide", "takes 20", "T5"),
    ),
    Case(
        "text without batch",
        forward(txt=torch.zeros(5, 20)),
        ValueError,
        ("2 axes", "[batch, txt, 20]"),
    ),
    Case(
        "text of another batch",
        forward(txt=torch.zeros(3, 5, 20)),
        ValueError,
        ("(3, 5, 20)", "(2, 5, 20)"),
    ),
    Case(
        "image ids of the wrong width",
        forward(img_ids=torch.zeros(2, 6, 2)),
        ValueError,
        ("img_ids", "(2, 6, 2)", "(2, 6, 3)"),
    ),
    Case(
        "image ids without batch",
        forward(img_ids=torch.zeros(6, 3)),
        ValueError,
        ("(6, 3)", "image_ids()"),
    ),
    Case(
        "image ids of another picture",
        forward(img_ids=torch.zeros(2, 9, 3)),
        ValueError,
        ("(2, 9, 3)",),
    ),
    Case(
        "text ids of another batch",
        forward(txt_ids=torch.zeros(1, 5, 3)),
        ValueError,
        ("txt_ids", "text_ids()"),
    ),
    Case(
        "times of another batch",
        forward(timesteps=torch.rand(3)),
        ValueError,
        ("timesteps", "(3,)", "(2,)"),
    ),
    Case(
        "whole-number times",
        forward(timesteps=torch.tensor([1, 0])),
        ValueError,
        ("torch.int64", ".float()"),
    ),
    Case(
        "pooled vector of the wrong width",
        forward(y=torch.zeros(2, 768)),
        ValueError,
        ("(2, 768)", "pooled"),
    ),
    Case(
        "missing guidance", forward(guidance=None), ValueError, ("guidance is None", "torch.full")
    ),
    Case(
        "guidance of another batch",
        forward(guidance=torch.ones(1)),
        ValueError,
        ("guidance", "(1,)"),
    ),
    Case("NaN tokens", forward(img=NAN), ValueError, ("img holds NaN", "bf16")),
    Case(
        "infinite text",
        forward(txt=torch.full((2, 5, 20), float("inf"))),
        ValueError,
        ("txt holds NaN or infinity",),
    ),
    # Configurations.
    Case(
        "width that heads do not divide",
        lambda f: replace(FLUX, num_heads=3),
        ValueError,
        ("32", "3", "same whole number"),
    ),
    Case(
        "axes that do not fill a head",
        lambda f: replace(FLUX, axes_dim=(4, 4, 4)),
        ValueError,
        ("sums to 12", "16 channels"),
    ),
    Case(
        "odd axis", lambda f: replace(FLUX, axes_dim=(5, 5, 6)), ValueError, ("odd size", "pairs")
    ),
    Case(
        "groups that do not divide",
        lambda f: replace(AUTOENCODER, norm_groups=3),
        ValueError,
        ("norm_groups 3", "divisor"),
    ),
    # Painting.
    Case(
        "size not divisible by 16",
        paint(height=100),
        ValueError,
        ("height is 100", "multiple of 16", "96"),
    ),
    Case("negative size", paint(width=-16), ValueError, ("width is -16", "positive")),
    Case("no steps", paint(steps=0), ValueError, ("steps is 0", "at least 1")),
    Case("negative steps", paint(steps=-4), ValueError, ("steps is -4",)),
    Case("half a step", paint(steps=2.5), ValueError, ("steps is 2.5", "whole number")),
    Case("negative guidance", paint(guidance=-1.0), ValueError, ("guidance is -1.0", "at least 0")),
    Case("guidance in words", paint(guidance="strong"), ValueError, ("'strong'", "number")),
    Case("negative seed", paint(seed=-1), ValueError, ("seed is -1",)),
    Case("unknown solver", paint(solver="rk4"), ValueError, ("'rk4'", "euler, midpoint, heun")),
    Case("misspelt option", paint(step=4), TypeError, ("'step'", "Did you mean steps?")),
    Case(
        "strength out of range",
        paint(start_image=Image.new("RGB", (32, 32)), strength=1.5),
        ValueError,
        ("strength is 1.5", "(0, 1]"),
    ),
    Case(
        "no strength",
        paint(start_image=Image.new("RGB", (32, 32)), strength=0.0),
        ValueError,
        ("strength is 0.0",),
    ),
    Case(
        "start image of another size",
        paint(start_image=Image.new("RGB", (48, 32))),
        ValueError,
        ("(3, 32, 48)", "Resize"),
    ),
    Case(
        "guidance for a model without",
        lambda f: tiny_pipeline(guidance_by="none").paint(tiny_conditioning(), guidance=3.0),
        ValueError,
        ("guidance is 3.0", "Leave it out"),
    ),
    Case(
        "prompt without text encoders",
        paint("a red circle"),
        ValueError,
        ("no text encoders", "Conditioning"),
    ),
    Case("schedule of no steps", lambda f: make_schedule(0, 64), ValueError, ("steps is 0",)),
    Case(
        "latents without batch",
        lambda f: patchify(torch.zeros(16, 4, 4)),
        ValueError,
        ("3 axes", "latents[None]"),
    ),
    Case(
        "odd latents",
        lambda f: patchify(torch.zeros(1, 16, 3, 4)),
        ValueError,
        ("3 × 4", "even", "16"),
    ),
    Case(
        "tokens of another size",
        lambda f: unpatchify(torch.zeros(1, 9, 64), 32, 32),
        ValueError,
        ("(1, 9, 64)", "2 · 2 = 4"),
    ),
    # The autoencoder.
    Case(
        "one picture without batch",
        lambda f: tiny_autoencoder().encode(torch.zeros(3, 32, 32)),
        ValueError,
        ("(3, 32, 32)", "picture[None]"),
    ),
    Case(
        "picture of odd size",
        lambda f: tiny_autoencoder().encode(torch.zeros(1, 3, 32, 33)),
        ValueError,
        ("33 × 32", "divisible by 8"),
    ),
    Case(
        "picture in bytes",
        lambda f: tiny_autoencoder().encode(torch.full((1, 3, 32, 32), 255.0)),
        ValueError,
        ("255", "127.5"),
    ),
    Case(
        "latents of the wrong channels",
        lambda f: tiny_autoencoder().decode(torch.zeros(1, 16, 4, 4)),
        ValueError,
        ("(1, 16, 4, 4)", "unpatchify()"),
    ),
    # Looking inside.
    Case(
        "misspelt point",
        recording("double.0.img.resid_pst"),
        ValueError,
        ("Did you mean double.0.img.resid_post",),
    ),
    Case("no point at all", recording([]), ValueError, ("no point was named",)),
    Case("a number as a point", recording([3]), TypeError, ("3 is no point's name",)),
    Case(
        "a model without points",
        lambda f: fl.record(torch.nn.Linear(2, 2), "vec").__enter__(),
        TypeError,
        ("Linear has no points",),
    ),
    Case(
        "a point that never fired",
        recording("vec", run=False),
        RuntimeError,
        ("never fired", "with block"),
    ),
    Case(
        "a recording too large",
        recording("double.*", max_bytes=100),
        ValueError,
        ("max_bytes = 100 B", "reduce=stats"),
    ),
    Case(
        "a reducer without its axis",
        recording("vec", reduce=mean_heads),
        ValueError,
        ("mean_heads", "'head'", "[batch, dim]"),
    ),
    Case(
        "places that are not there",
        recording("embed.img", reduce=keep("img", [6])),
        IndexError,
        ("[6]", "6 places"),
    ),
    Case(
        "an edit of the wrong shape",
        editing({"vec": lambda x, at: x[:1]}),
        ValueError,
        ("(1, 32)", "(2, 32)"),
    ),
    Case(
        "an edit that returns nothing",
        editing({"vec": lambda x, at: None}),
        TypeError,
        ("None", "return its result"),
    ),
    Case(
        "an edit of a misspelt point", editing({"vex": True}), ValueError, ("'vex'", "Did you mean")
    ),
    Case("edits as a list", editing(["vec"]), TypeError, ("['vec']", "mapping")),
    Case("a point of no model", lambda f: fl.explain("pee"), ValueError, ("'pee'", "Did you mean")),
    # Files.
    Case("unknown model", lambda f: fl.load("toy-deev"), ValueError, ("'toy-deev'", "toy-dev")),
    Case(
        "missing file",
        lambda f: read_model(f / "gone.safetensors", fl.FluxConfig, fl.Flux),
        FileNotFoundError,
        ("gone.safetensors", "path"),
    ),
    Case(
        "truncated file",
        reading(truncated),
        ValueError,
        ("not a whole safetensors file", "truncated"),
    ),
    Case(
        "pickled file",
        reading(lambda p: p.write_bytes(pickle.dumps({"a": 1}))),
        ValueError,
        ("pickle", "never opened"),
    ),
    Case(
        "empty file",
        reading(lambda p: p.write_bytes(b"")),
        ValueError,
        ("not a whole safetensors file",),
    ),
    Case(
        "file of another program",
        reading(lambda p: save_file({"a": torch.zeros(1)}, p)),
        ValueError,
        ("no config", "['a']"),
    ),
    Case(
        "missing key",
        reading(lambda p: whole(p, drop="img_in.bias")),
        ValueError,
        ("img_in.bias is missing",),
    ),
    Case(
        "unknown key",
        reading(lambda p: whole(p, extra="img_out.bias")),
        ValueError,
        ("img_out.bias is not part",),
    ),
    Case(
        "another size",
        reading(lambda p: whole(p, replace(FLUX, vec_in_dim=8))),
        ValueError,
        ("(32, 8)", "(32, 12)", "another variant"),
    ),
    Case("unwritable folder", unwritable, OSError, ("file",)),
    Case(
        "picture into no folder",
        lambda f: tiny_pipeline().paint(tiny_conditioning()).save(f / "no" / "x.png"),
        FileNotFoundError,
        ("no place",),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_error_names_the_value_the_expectation_and_the_cure(case, tmp_path):
    with pytest.raises(case.error) as caught:
        case.call(tmp_path)

    for words in case.words:
        assert words in str(caught.value)
    assert not watched(), "a handler was left behind"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")], "half-written files"


def test_there_are_more_than_forty_cases():
    assert len(CASES) >= 40


@pytest.mark.parametrize("option", [{"steps": 0}, {"height": 100}, {"guidance": -1.0}])
def test_a_bad_option_is_refused_before_the_prompt_is_encoded(option):
    pipe = tiny_pipeline()
    pipe.text = lambda prompt: pytest.fail("the text encoders ran")

    with pytest.raises(ValueError):
        pipe.paint("a red circle", **option)


def test_a_failed_write_leaves_the_old_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "ae.safetensors"
    save_weights(tiny_autoencoder(), path, AUTOENCODER)
    before = path.read_bytes()

    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_weights(tiny_autoencoder(), path, AUTOENCODER)

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ae.safetensors"]
