"""Weights in eight bits: how they are stored, and how their values come back.

    plain     w ≈ fp8(w)                        values below 0.016 lose most of their digits
    scaled    w ≈ s · fp8(w / s),  s = max|w| / 448

448 is the largest number of float8_e4m3fn. A scale belongs to a whole tensor, to each of its rows,
or to blocks of each row:

    img_in.scale_weight    []    or    [out, 1]    or    [out, blocks, 1]

fp8 is for storage: what is computed with is bf16.
"""

import math
from collections.abc import Collection

import torch
from torch import Tensor

SCALES = (".scale_weight", ".weight_scale")
"""What writers append to a layer's name for the scale of its weight."""

# Scales of activations and a mark that the file is scaled: of use to fp8 matrix products only.
FOR_PRODUCTS = (".scale_input", ".input_scale", "scaled_fp8")


def find_scales(names: Collection[str]) -> dict[str, str]:
    """The name of the scale that belongs to each scaled weight."""
    return {
        weight: name
        for name in names
        for ending in SCALES
        if name.endswith(ending) and (weight := f"{name.removesuffix(ending)}.weight") in names
    }


def check_scale(weight: str, shape: tuple[int, ...], scales: tuple[int, ...]) -> None:
    """Refuse scales that fit neither a weight, its rows nor their blocks.

    Raises ValueError that names the weight and both shapes.
    """
    rows, count = shape[0] if shape else 1, math.prod(scales)
    blocks, left_over = divmod(count, max(1, rows))
    in_blocks = len(shape) == 2 and blocks and not left_over and not shape[1] % blocks
    if count not in (1, rows) and not in_blocks:
        raise ValueError(
            f"{weight} of shape {shape} has scales of shape {scales}, but one for the tensor, for "
            f"each row, or for each block of a row is expected. Was it written by another version?"
        )


def descale(weight: Tensor, scale: Tensor) -> Tensor:
    """The values of scaled weights, in bf16."""
    rows, scale = len(weight) if weight.ndim else 1, scale.float()
    if scale.numel() in (1, rows):
        scaled = weight.float() * scale.reshape(-1, *[1] * (weight.ndim - 1))
    else:
        blocks = scale.numel() // rows
        scaled = weight.float().reshape(rows, blocks, -1) * scale.reshape(rows, blocks, 1)
    return scaled.reshape(weight.shape).to(torch.bfloat16)
