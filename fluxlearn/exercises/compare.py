"""Compare two results: the first place where they differ, both values, and how many differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor

RTOL, ATOL = 1e-4, 1e-5  # two orders of summation in float32 agree far better


@dataclass(frozen=True)
class Comparison:
    """What came out; true when nothing differs."""

    same: bool
    text: str

    def __bool__(self) -> bool:
        return self.same

    def __repr__(self) -> str:
        return self.text


def compare(mine: Any, reference: Any, rtol: float = RTOL, atol: float = ATOL) -> Comparison:
    """Hold one result against another, value by value, in the order in which they are stored.

        |mine − reference| ≤ atol + rtol · |reference|

    mine, reference  tensors, arrays, numbers, or lists, tuples and mappings of these, such as two
                     recordings; the first part that differs is named.

    Raises TypeError for anything else.
    """
    return compare_leaves(leaves(mine), leaves(reference), rtol, atol)


def compare_leaves(
    mine: Mapping[str, Tensor],
    reference: Mapping[str, Tensor],
    rtol: float = RTOL,
    atol: float = ATOL,
) -> Comparison:
    """The same for results that `leaves` has taken apart."""
    if mine.keys() != reference.keys():
        return Comparison(False, f"mine has {_names(mine)}, reference has {_names(reference)}")
    for name, value in mine.items():
        other = reference[name]
        if value.shape != other.shape:
            text = f"shapes differ{_at(name)}: mine {_shape(value)}, reference {_shape(other)}"
            return Comparison(False, text)
        close = torch.isclose(_wide(value), _wide(other), rtol, atol, equal_nan=True)
        if not close.all():
            return Comparison(False, _told(name, value, other, ~close))
    total = sum(value.numel() for value in mine.values())
    return Comparison(True, f"no difference in {_count(total)}")


def leaves(value: Any, name: str = "") -> dict[str, Tensor]:
    """Every tensor inside a result, by the path that leads to it; numbers become tensors."""
    return dict(_walk(value, name))


def _walk(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, (Tensor, np.ndarray, Number)):
        yield name, torch.as_tensor(value)
    elif isinstance(value, (list, tuple)) and value and all(isinstance(v, Number) for v in value):
        yield name, torch.tensor(value)
    elif isinstance(value, Mapping):
        for key in value:
            yield from _walk(value[key], f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        keys = [f".{field}" for field in getattr(value, "_fields", ())]
        keys = keys or [f"[{index}]" for index in range(len(value))]
        for key, part in zip(keys, value, strict=True):
            yield from _walk(part, name + key)
    else:
        raise TypeError(
            f"{name or 'it'} is an object of {type(value).__name__}, but tensors, numbers, and "
            f"lists or mappings of them can be compared."
        )


def _told(name: str, mine: Tensor, reference: Tensor, differs: Tensor) -> str:
    first = tuple(differs.nonzero()[0].tolist())
    place = f"{name}{list(first)}" if first else name
    largest = (_wide(mine) - _wide(reference)).abs().max().item()
    return (
        f"first difference{_at(place)}: mine {mine[first].item():.5g}, "
        f"reference {reference[first].item():.5g}; {int(differs.sum())} of {_count(mine.numel())} "
        f"{'differs' if mine.numel() == 1 else 'differ'}, by at most {largest:.3g}"
    )


def _wide(value: Tensor) -> Tensor:
    return value.detach().to("cpu", torch.float64)


def _shape(value: Tensor) -> str:
    return f"{tuple(value.shape)}"


def _names(parts: Mapping[str, Tensor]) -> str:
    return ", ".join(name or "one value" for name in parts) or "nothing"


def _at(place: str) -> str:
    return f" at {place}" if place else ""


def _count(total: int) -> str:
    return "1 value" if total == 1 else f"{total} values"
