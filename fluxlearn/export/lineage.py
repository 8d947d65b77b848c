"""Which point is computed from which: read off a run of the model, not written down.

    lineage(flux, "double.0.img.*")["double.0.img.attn_in"]
    ['double.0.img.norm1', 'double.0.img.mod.shift1', 'double.0.img.mod.scale1']

Autograd keeps, for every value, the operation that made it and the operations before that one. A
handler marks the operations at the chosen taps; from each mark we walk back until we meet other
marks, and whatever lies between is left out. So choosing fewer points gives a coarser picture of
the same model.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from fluxlearn.export.inputs import example_inputs
from fluxlearn.model.flux import Flux
from fluxlearn.trace.find import find, owners_of
from fluxlearn.trace.tap import handling


class MarkedTaps:
    """The handler: an operation of its own at each chosen tap, so that each can be told apart."""

    def __init__(self, model: Any, names: Iterable[str]) -> None:
        """Choose taps of a Flux or of one of its blocks by full name."""
        self.owners = owners_of(model)
        self.chosen = set(names)
        self.marks: dict[Any, str] = {}

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        """Mark a chosen value that autograd follows; let all others pass."""
        if id(owner) not in self.owners or name not in self.chosen:
            return value
        if not isinstance(value, Tensor) or not value.requires_grad:
            return value
        value = value.view_as(value)
        self.marks[value.grad_fn] = name
        return value


def lineage(flux: Flux, points: str | Iterable[str] = "*") -> dict[str, list[str]]:
    """For each chosen point, in order of execution, the chosen points it is computed from.

    points  names or globs. Flags and masks are no values and do not occur.

    The model runs once on a few tokens; a model on the meta device will do. Raises
    UnknownPointError for a misspelt name.
    """
    found = find(points, [point for point in flux.points() if point.shape])
    names = {point.name for group in found.values() for point in group}
    taps = MarkedTaps(flux, names)
    inputs = example_inputs(flux, batch=1, img=2, txt=3)
    with handling(taps), torch.enable_grad():
        flux(**{name: value.requires_grad_() for name, value in inputs.items()})
    order = {name: place for place, name in enumerate(taps.marks.values())}
    return {
        name: sorted(_marks_before(mark, taps.marks), key=order.__getitem__)
        for mark, name in taps.marks.items()
    }


def _marks_before(mark: Any, marks: dict[Any, str]) -> set[str]:
    """The first marks on every way back from a mark."""
    found, seen, open_ = set(), set(), list(_before(mark))
    while open_:
        operation = open_.pop()
        if operation in marks:
            found.add(marks[operation])
        elif operation not in seen:
            seen.add(operation)
            open_.extend(_before(operation))
    return found


def _before(operation: Any) -> Iterator[Any]:
    return (earlier for earlier, _ in operation.next_functions if earlier is not None)
