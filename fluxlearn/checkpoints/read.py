"""A checkpoint becomes a model.

The model is built on the meta device, where weights have shapes but no memory. Names and shapes are
compared with the files' headers before anything is read. Then tensors come one by one: read,
renamed, cast, moved, and assigned as they are. So no weight is in memory twice, and a model is
whole or is not there at all.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from fluxlearn.checkpoints.bfl import check_fit
from fluxlearn.checkpoints.checkpoint import Weights, open_checkpoint
from fluxlearn.checkpoints.diffusers import each_from_diffusers
from fluxlearn.checkpoints.recognise import Recognised, first_blocks, recognise

Module = TypeVar("Module", bound=nn.Module)


def read_model(
    path: str | Path,
    config_class: type,
    model_class: type[Module],
    dtype: torch.dtype | None = torch.float32,
    device: str | torch.device = "cpu",
    blocks: tuple[int | None, int | None] = (None, None),
) -> tuple[Module, dict[str, str]]:
    """Build a model from a file or folder of any known format; returns it with the metadata.

    dtype   None keeps that of most weights in the file, and makes bf16 of fp8.
    blocks  how many of the first double and single blocks; None for all.

    Raises FileNotFoundError, or ValueError for a foreign, damaged or mismatched file.
    """
    found = first_blocks(recognise(open_checkpoint(path), config_class), *blocks)
    return assemble(found, model_class, dtype, device), found.checkpoint.metadata


def assemble(
    found: Recognised,
    model_class: type[Module],
    dtype: torch.dtype | None = torch.float32,
    device: str | torch.device = "cpu",
) -> Module:
    """The model of a recognised checkpoint, in evaluation mode and without gradients.

    Raises ValueError that lists the first differences, or names a weight that is NaN or infinite.
    """
    checkpoint = found.checkpoint
    with torch.device("meta"):
        model = model_class(found.config)
    check_fit(model, shapes_in_our_names(found), checkpoint.source)

    cast = checkpoint.cast(dtype or checkpoint.usual_dtype())
    tensors = {}
    for name, tensor in in_our_names(cast, found):
        _check_finite(name, tensor, checkpoint.source)
        tensors[name] = tensor.to(device)
    model.load_state_dict(tensors, assign=True)
    return model.eval().requires_grad_(False)


def in_our_names(state: Weights, found: Recognised) -> Iterator[tuple[str, Tensor]]:
    """Tensors of a recognised checkpoint under our names, one after the other."""
    if found.names == "bfl":
        return iter(state.items())
    return each_from_diffusers(state, found.config)


def shapes_in_our_names(found: Recognised) -> dict[str, tuple[int, ...]]:
    """The shape that each tensor of ours will have, from the headers alone.

    Raises ValueError when parts are missing or do not stack.
    """
    shapes = found.checkpoint.shapes()
    try:
        return {name: tuple(t.shape) for name, t in in_our_names(shapes, found)}
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{found.checkpoint.source} cannot be renamed: {error}") from None


def _check_finite(name: str, tensor: Tensor, source: str) -> None:
    # A sum is NaN or infinite if any number in it is, and needs no second tensor as isfinite does.
    total = tensor.sum(dtype=torch.promote_types(tensor.dtype, torch.float32))
    if not math.isfinite(total):
        raise ValueError(
            f"{source}: {name} holds NaN or infinity in {tensor.dtype}. If it is float16, whose "
            f"numbers end at 65504, load it as torch.bfloat16; else the file is damaged, or was "
            f"saved from a training that diverged: take another."
        )
