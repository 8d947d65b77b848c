"""Bad files, names and folders."""

import pickle
from dataclasses import replace
from pathlib import Path

import torch
from bad_input.calls import Case, reading, whole
from safetensors.torch import save_file
from tiny_models import AUTOENCODER, FLUX, tiny_autoencoder, tiny_conditioning, tiny_pipeline

import fluxlearn as fl
from fluxlearn.checkpoints.read import read_model
from fluxlearn.checkpoints.safe import save_weights


def truncated(path: Path) -> None:
    whole(path)
    path.write_bytes(path.read_bytes()[:-100])


def unwritable(folder: Path):
    (folder / "file").write_text("in the way")
    save_weights(tiny_autoencoder(), folder / "file" / "ae.safetensors", AUTOENCODER)


CASES = [
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
        ("no flow model", "['a']"),
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
