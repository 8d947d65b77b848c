"""Fused ↔ split: the change of some rows of a layer as one pair of matrices.

    one for three      q, k, v share `down`; `up` is cut by rows
    three for one      down = [A_q; A_k; A_v]      up = ⎡B_q        ⎤      α = 3 α₁
                                                       ⎢    B_k    ⎥
                                                       ⎣        B_v⎦

Both are exact, and each undoes the other:

(1)  A column of `up` that is zero in some rows reads a direction and writes nothing there. Cutting
     drops it, so a block-diagonal `up` falls apart into its blocks, and only such a one. (Whether
     the rank can be divided by three says nothing: 48 can, and is mostly dense.)
(2)  Pieces with the same `down` were cut from one, and are put together at their old rank.
(3)  α grows and shrinks with the rank, so that α / rank stays.

Source: kohya-ss/sd-scripts networks/convert_flux_lora.py; mflux issue 458 about (1).
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from fluxlearn.lora.patch import Patch


def piece(patches: Sequence[Patch], first: int, last: int) -> Patch | None:
    """What patches of a layer change in its rows first … last − 1, as one patch of all these rows.

    The result is exact, but for patches of several strengths α / rank that overlap or lie side by
    side: the weaker ones' `up` is multiplied by the ratio, which rounds once unless the ratio is a
    power of two.

    Returns None where nothing is changed.
    """
    cut = [part for patch in patches if (part := _cut(patch, first, last)) is not None]
    parts = [_pad(part, first, last) for part in _rejoin(cut)]
    if len(parts) < 2:
        return parts[0] if parts else None
    scale = max((part.scale for part in parts), key=abs) or 1.0
    return Patch(
        down=torch.cat([part.down for part in parts]),
        up=torch.cat([_at_scale(part.up, part, scale) for part in parts], dim=1),
        alpha=scale * sum(part.rank for part in parts),
        first=first,
        bias=_sum([_at_scale(p.bias, p, scale) for p in parts if p.bias is not None]),
    )


def swap_halves(tensor: Tensor) -> Tensor:
    """The second half of the rows, then the first: shift and scale change places."""
    first, second = tensor.chunk(2)
    return torch.cat([second, first])


def _cut(patch: Patch, first: int, last: int) -> Patch | None:
    """The part of a patch that lies in these rows, without the directions that it does not use."""
    low, high = max(first, patch.first), min(last, patch.last)
    if low >= high:
        return None
    if (low, high) == (patch.first, patch.last):
        return patch
    rows = slice(low - patch.first, high - patch.first)
    up, bias = patch.up[rows], None if patch.bias is None else patch.bias[rows]
    part = replace(patch, up=up, bias=bias, first=low)

    used = up.any(dim=0)
    if used.any():
        return _keep(part, used)
    # An untrained LoRA is zero everywhere; it keeps its rank, so that it can go on to be trained.
    silent = patch.up.any() and (bias is None or not bias.any())
    return None if silent else part


def _keep(patch: Patch, used: Tensor) -> Patch:
    if used.all():
        return patch
    kept = int(used.sum())
    alpha = patch.alpha * kept / patch.rank
    return replace(patch, down=patch.down[used], up=patch.up[:, used], alpha=alpha)


def _rejoin(parts: Sequence[Patch]) -> list[Patch]:
    """Parts that lie side by side and read the same directions equally strongly, as one."""
    joined: list[Patch] = []
    for part in sorted(parts, key=lambda part: part.first):
        before = joined[-1] if joined else None
        if before is None or not _continues(before, part):
            joined.append(part)
            continue
        bias = None
        if before.bias is not None and part.bias is not None:
            bias = torch.cat([before.bias, part.bias])
        joined[-1] = replace(before, up=torch.cat([before.up, part.up]), bias=bias)
    return joined


def _continues(before: Patch, part: Patch) -> bool:
    return (
        before.last == part.first
        and before.alpha == part.alpha
        and (before.bias is None) == (part.bias is None)
        and torch.equal(before.down, part.down)
    )


def _pad(patch: Patch, first: int, last: int) -> Patch:
    """The same patch, with zeros in the rows that it leaves alone."""
    above, below = patch.first - first, last - patch.last
    if not above and not below:
        return patch
    up = nn.functional.pad(patch.up, (0, 0, above, below))
    bias = None if patch.bias is None else nn.functional.pad(patch.bias, (above, below))
    return replace(patch, up=up, bias=bias, first=first)


def _at_scale(tensor: Tensor, patch: Patch, scale: float) -> Tensor:
    return tensor if patch.scale == scale else tensor * (patch.scale / scale)


def _sum(biases: Sequence[Tensor]) -> Tensor | None:
    return torch.stack(list(biases)).sum(0) if biases else None
