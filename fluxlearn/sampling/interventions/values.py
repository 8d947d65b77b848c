"""Values: stretch any of them, or put another in its place.

    scale("double.*.img.mod.gate1", 0)      the picture's tokens gather nothing more
    scale("single.2.mod.shift", 2)          one block's modulation, twice as far
    set_to("in.t", 0.9)                     every step believes that it is early
    set_to("vec", other_vec)                a vector of one's own modulates every block

Shift, scale and gate of every block are points, so modulation can be edited where it is used; and
as they are all made from `vec`, it can be edited where it comes from.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from fluxlearn.sampling.interventions.intervention import Intervention, as_names, as_number, fit
from fluxlearn.trace.edit import At


def scale(points: str | Iterable[str], factor: float) -> Intervention:
    """Multiply values: 0 takes them out, 1 leaves them alone, −1 turns them round.

    points  names or globs.
    """
    names, by = as_names("points", points), as_number("factor", factor)

    def stretch(value: Any, at: At) -> Any:
        return by * _tensor(value, at)

    return Intervention(
        builder="scale",
        arguments={"points": names, "factor": by},
        edits=dict.fromkeys(names, stretch),
    )


def set_to(points: str | Iterable[str], value: float | Tensor) -> Intervention:
    """Put one number, or a tensor of the point's shape, in the place of values.

    points  names or globs.
    value   a tensor may have a batch of one, which serves every picture.
    """
    names = as_names("points", points)
    new = value.detach().clone() if isinstance(value, Tensor) else as_number("value", value)

    def put(old: Any, at: At) -> Any:
        old = _tensor(old, at)
        if isinstance(new, Tensor):
            return fit(new, old, at.point, "Give it the point's shape, or a batch of one.")
        return torch.full_like(old, new)

    return Intervention(
        builder="set_to",
        arguments={"points": names, "value": new},
        edits=dict.fromkeys(names, put),
    )


def _tensor(value: Any, at: At) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{at.point!r} is {value!r}, not a tensor. Blocks are skipped with bypass(), and "
            f"attention is masked with knock_out()."
        )
    return value
