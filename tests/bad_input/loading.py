"""What is asked of `fl.load` and `convert` that they cannot do."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from bad_input.calls import Case
from tiny_files import (
    bfl_file,
    diffusers_folder,
    own_file,
    published_autoencoder,
    published_flux,
    write,
)
from tiny_models import tiny_flux

import fluxlearn as fl
from fluxlearn.checkpoints.convert import convert


def repository(folder: Path) -> Path:
    """A file of BFL beside an autoencoder, as fluxlearn writes them, without text encoders."""
    own_file(folder / "ae.safetensors", published_autoencoder())
    return bfl_file(folder / "flux1-tiny.safetensors", published_flux())


def loading(**options):
    return lambda folder: fl.load(repository(folder), **({"text": False} | options))


def asking(name: str, **options):
    return lambda folder: fl.load(name, **options)


def without_autoencoder(folder: Path):
    return fl.load(bfl_file(folder / "m.safetensors", published_flux()), text=False)


def two_models(folder: Path):
    bfl_file(folder / "flux1-other.safetensors", published_flux())
    return fl.load(repository(folder).parent, text=False)


def bad_defaults(folder: Path):
    config = json.dumps(asdict(tiny_flux().config))
    own_file(folder / "ae.safetensors", published_autoencoder())
    metadata = {"config": config, "defaults": '{"steps": 3}'}
    return fl.load(write(folder / "m.safetensors", tiny_flux().state_dict(), metadata), text=False)


def converting(target: str, **options):
    def call(folder):
        (folder / "taken").mkdir()
        (folder / "taken" / "file").touch()
        source = bfl_file(folder / "m.safetensors", published_flux())
        return convert(source, folder / target, **options)

    return call


def folder_to_folder(folder: Path):
    return convert(diffusers_folder(folder / "theirs", published_flux()), folder / "ours")


def sharded_file(folder: Path):
    source = diffusers_folder(folder / "theirs", published_flux())
    return convert(source, folder / "m.safetensors", shard_size=9)


def autoencoder_in_part(folder: Path):
    source = own_file(folder / "ae.safetensors", published_autoencoder())
    return convert(source, folder / "vae", blocks=(1, None))


# fmt: off
ROWS = [
    ("the Redux adapter by its name", asking("redux"), ("no flow model but an adapter", "'dev'")),
    ("a revision of a toy", asking("toy-dev", revision="v1"), ("'v1'", "not from the hub")),
    ("a revision of a file", loading(revision="main"), ("'main'", "not from the hub")),
    ("whole numbers", loading(dtype=torch.int8), ("torch.int8", "torch.bfloat16")),
    ("eight bits", loading(dtype=torch.float8_e4m3fn), ("torch.float8_e4m3fn", "computes in")),
    ("too many blocks", loading(depth=20), ("depth is 20", "has 2 such blocks", "0 to 2")),
    ("less than no blocks", loading(depth_single_blocks=-1), ("depth_single_blocks is -1",)),
    ("half a block", loading(depth=0.5), ("depth is 0.5",)),
    ("a true block", loading(depth=True), ("depth is True",)),
    ("a rest that is nowhere", loading(rest="flux-9"), ("rest is 'flux-9'", "'schnell'")),
    ("two flow models in a folder", two_models, ("several flow models", "flux1-other")),
    ("defaults of another version", bad_defaults, ("defaults of which nothing can be made",)),
    ("a file for a folder", converting("out.safetensors"), ("out.safetensors", "a folder")),
    ("a folder for a file", folder_to_folder, ("ours", "does not end in .safetensors")),
    ("shards of nothing", converting("out", shard_size=0), ("shard_size is 0 bytes", "at least 1")),
    ("shards of a file", sharded_file, ("shard_size is 9", "one. Leave it out")),
    ("the blocks of an autoencoder", autoencoder_in_part, ("an autoencoder", "no such blocks")),
]
MISSING = [
    ("a model without an autoencoder", without_autoencoder, ("no autoencoder", "rest=")),
    ("a model without text encoders", loading(text=True), ("text_encoder_2", "text=False")),
]
# fmt: on

CASES = [
    *(Case(name, call, ValueError, words) for name, call, words in ROWS),
    *(Case(name, call, FileNotFoundError, words) for name, call, words in MISSING),
    Case("a folder with something in it", converting("taken"), FileExistsError, ("Remove it",)),
]
