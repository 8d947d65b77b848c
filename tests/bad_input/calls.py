"""Ways to call a public entry with something bad; each gets an empty folder and must fail."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from tiny_models import FLUX, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

import fluxlearn as fl
from fluxlearn.checkpoints.read import read_model


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
    tensors = {k: v for k, v in tiny_flux(config).state_dict().items() if k != drop}
    if extra:
        tensors[extra] = torch.zeros(1)
    save_file(tensors, path, {"config": json.dumps(asdict(FLUX))})
