"""Reducers: what a recorder keeps of a value, so that looking does not fill the memory.

A reducer knows axes by their words in the table of points, and tells the shape of what it gives
before anything runs, so that a recording's bytes can be estimated.

    whole                  the value as it is
    stats                  mean, standard deviation, smallest, largest: 4 numbers
    norm                   the length of each vector along the last axis
    outliers               its largest |x| and where, its median |x|, its kurtosis: 4 numbers
    mean_heads             the mean over heads
    keep("img", [5, 6])    chosen places along one axis
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Axes = list[str]


@dataclass(frozen=True)
class Reducer:
    """A function of a value and its axis words, and the axis words of what it returns."""

    name: str
    apply: Callable[[Tensor, Axes], Tensor]
    axes: Callable[[Axes], Axes]  # "4" stands for an axis of that size


def _stats(value: Tensor, axes: Axes) -> Tensor:
    wide = value.float()
    return torch.stack([wide.mean(), wide.std(correction=0), wide.min(), wide.max()])


def _outliers(value: Tensor, axes: Axes) -> Tensor:
    # Kurtosis is 3 for a bell curve and grows with the weight of few large values.
    wide = value.float()
    peak, where = wide.abs().max(dim=-1)
    square = (wide - wide.mean(dim=-1, keepdim=True)).square()
    kurtosis = square.square().mean(dim=-1) / square.mean(dim=-1).square()
    return torch.stack([peak, where.float(), wide.abs().median(dim=-1).values, kurtosis], dim=-1)


def _mean_heads(value: Tensor, axes: Axes) -> Tensor:
    _needs("head", axes, "mean_heads")
    return value.mean(dim=axes.index("head"))


whole = Reducer("whole", lambda value, axes: value, lambda axes: axes)
stats = Reducer("stats", _stats, lambda axes: ["4"])
norm = Reducer("norm", lambda value, axes: value.float().norm(dim=-1), lambda axes: axes[:-1])
outliers = Reducer("outliers", _outliers, lambda axes: [*axes[:-1], "4"])
mean_heads = Reducer("mean_heads", _mean_heads, lambda axes: [a for a in axes if a != "head"])


def keep(axis: str, indices: Sequence[int]) -> Reducer:
    """Keep chosen places along one axis: some tokens, some heads, some channels."""
    chosen = list(indices)

    def apply(value: Tensor, axes: Axes) -> Tensor:
        _needs(axis, axes, f"keep({axis!r})")
        size = value.shape[axes.index(axis)]
        outside = [i for i in chosen if not -size <= i < size]
        if outside:
            raise IndexError(f"keep({axis!r}) asks for {outside}, but there are {size} places.")
        return value.index_select(axes.index(axis), torch.tensor(chosen) % size)

    def axes_after(axes: Axes) -> Axes:
        return [str(len(chosen)) if a == axis else a for a in axes]

    return Reducer(f"keep({axis!r}, {len(chosen)} places)", apply, axes_after)


def _needs(axis: str, axes: Axes, who: str) -> None:
    if axis not in axes:
        raise ValueError(
            f"{who} needs a point with the axis {axis!r}, but this one has [{', '.join(axes)}]."
        )
