"""Convert a model between BFL's file and diffusers' folder, whichever it is not yet.

    flux1-dev.safetensors  →  folder/config.json, folder/diffusion_pytorch_model.safetensors
    folder                 →  flux1-dev.safetensors

The folder may hold its weights in several files with an index, as the published ones do. What is
read is whatever can be loaded: with a prefix, in several files, in fp8. Tensors pass through one
by one, so the 24 GB of FLUX.1-dev need the memory of their largest tensor.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.bfl import check_fit
from fluxlearn.checkpoints.checkpoint import Checkpoint, open_checkpoint
from fluxlearn.checkpoints.diffusers import diffusers_sizes, each_to_diffusers
from fluxlearn.checkpoints.header import byte_count
from fluxlearn.checkpoints.read import in_our_names, shapes_in_our_names
from fluxlearn.checkpoints.recognise import Config, Recognised, first_blocks, recognise
from fluxlearn.checkpoints.shards import INDEX, divide, file_names
from fluxlearn.checkpoints.stream import stream_tensors
from fluxlearn.config import FluxConfig
from fluxlearn.files import replacing
from fluxlearn.model.flux import Flux

WEIGHTS = "diffusion_pytorch_model"


def convert(
    source: str | Path,
    target: str | Path,
    *,
    dtype: torch.dtype | None = None,
    blocks: tuple[int | None, int | None] = (None, None),
    shard_size: int | None = None,
) -> Path:
    """Write a model in the other form: BFL's file as a folder of diffusers, or the reverse.

    target      a file that ends in .safetensors, or a folder that is empty or not there yet.
    dtype       None keeps each tensor's own.
    blocks      how many of the first double and single blocks; None for all.
    shard_size  bytes that each file of the folder may have; None for one file.

    Raises ValueError or OSError before anything is written; the target is whole or as it was.
    """
    target = Path(target)
    found = first_blocks(recognise(open_checkpoint(source)), *blocks)
    _check_target(target, found)
    _check_shards(target, found, shard_size)
    _check_weights(found)
    if found.names == "bfl":
        _write_folder(found, target, dtype, shard_size)
    else:
        _write_file(found, target, dtype)
    return target


def _write_file(found: Recognised, target: Path, dtype: torch.dtype | None) -> None:
    state = found.checkpoint.cast(dtype)
    metadata = _kept(found.checkpoint) | {"config": json.dumps(asdict(found.config))}
    shapes = dict(in_our_names(state.shapes(), found))
    stream_tensors(target, shapes, in_our_names(state, found), metadata)


def _write_folder(
    found: Recognised, target: Path, dtype: torch.dtype | None, shard_size: int | None
) -> None:
    state = found.checkpoint.cast(dtype)
    sizes = {"_class_name": _their_class(found.config), **diffusers_sizes(found.config)}
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as partial:
        shapes = dict(each_to_diffusers(state.shapes(), found.config))
        tensors = each_to_diffusers(state, found.config)
        _write_weights(partial, shapes, tensors, shard_size)
        (partial / "config.json").write_text(json.dumps(sizes, indent=2) + "\n", "utf-8")
        if target.exists():
            target.rmdir()  # raises unless it is empty still


def _write_weights(
    folder: Path,
    shapes: Mapping[str, Tensor],
    tensors: Iterator[tuple[str, Tensor]],
    shard_size: int | None,
) -> None:
    """Tensors in as many files as it takes, and the index of several."""
    sizes = {name: byte_count(t.dtype, tuple(t.shape)) for name, t in shapes.items()}
    parts = divide(sizes, shard_size)
    files = file_names(WEIGHTS, len(parts))
    for file, names in zip(files, parts, strict=True):
        part = {name: shapes[name] for name in names}
        stream_tensors(folder / file, part, islice(tensors, len(names)), {"format": "pt"})
    if len(files) > 1:
        where = {name: file for file, names in zip(files, parts, strict=True) for name in names}
        index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": where}
        (folder / f"{WEIGHTS}{INDEX}").write_text(json.dumps(index, indent=2) + "\n", "utf-8")


def _their_class(config: Config) -> str:
    return "FluxTransformer2DModel" if isinstance(config, FluxConfig) else "AutoencoderKL"


def _kept(checkpoint: Checkpoint) -> dict[str, str]:
    """How a model of ours is sampled stays with it."""
    return {k: v for k, v in checkpoint.metadata.items() if k == "defaults"}


def _check_weights(found: Recognised) -> None:
    with torch.device("meta"):
        flow = isinstance(found.config, FluxConfig)
        model = Flux(found.config) if flow else AutoEncoder(found.config)
    check_fit(model, shapes_in_our_names(found), found.checkpoint.source)


def _check_target(target: Path, found: Recognised) -> None:
    """Refuse a target of the wrong form, or a folder with something in it."""
    if found.names == "diffusers" and target.suffix != ".safetensors":
        raise ValueError(
            f"{target} does not end in .safetensors, but {found.checkpoint.source} has diffusers' "
            f"names and becomes one such file."
        )
    if found.names == "bfl" and target.suffix == ".safetensors":
        raise ValueError(
            f"{target} is a file's name, but {found.checkpoint.source} has BFL's names and becomes "
            f"a folder of diffusers. Leave out the ending."
        )
    if found.names == "bfl" and target.exists() and not (target.is_dir() and _is_empty(target)):
        raise FileExistsError(f"{target} is there already. Remove it, or choose another folder.")


def _check_shards(target: Path, found: Recognised, shard_size: int | None) -> None:
    """Refuse sizes of shards where there are none, and sizes that hold nothing."""
    if shard_size is None:
        return
    if found.names == "diffusers":
        raise ValueError(
            f"shard_size is {shard_size}, but {target} becomes a file of BFL, which is always one. "
            f"Leave it out."
        )
    if shard_size < 1:
        raise ValueError(
            f"shard_size is {shard_size} bytes, but at least 1 is expected; 10 GB is usual."
        )


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())
