"""Grids: the cells of a sweep, as labels along named axes.

    grid(lambda block: bypass(block), block=block_names(pipe))
    grid(lambda block, step: bypass(block).during([step]), block=["single.0", "single.1"],
         step=range(8))

Every combination of labels is a cell, and the function makes its intervention from them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

Label = str | int | float
Index = tuple[int, ...]
RESERVED = ("prompt", "seed")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Named axes, and what to do in each cell."""

    make: Callable[..., Any]  # labels by the names of their axes → one intervention, or several
    axes: dict[str, tuple[Label, ...]]  # name → labels

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of labels of each axis."""
        return tuple(len(labels) for labels in self.axes.values())

    def cells(self) -> Iterator[tuple[Index, list[Mapping[str, Any]]]]:
        """Place and interventions of each cell; the last axis runs fastest."""
        for index in product(*map(range, self.shape)):
            labels = {name: self.axes[name][i] for name, i in zip(self.axes, index, strict=True)}
            yield index, _several(self.make(**labels), labels)


def grid(make: Callable[..., Any], /, **axes: Iterable[Label]) -> Grid:
    """Cells for every combination of labels.

    make  a function whose arguments have the names of the axes. It gives an intervention, or a list
          of several, the first outermost.
    axes  name → labels, numbers or text, each once.

    Raises TypeError or ValueError for axes without labels, or with labels that cannot be told
    apart.
    """
    if not axes:
        raise ValueError("there is no axis. Say grid(make, block=['single.0', 'single.1']).")
    return Grid(make=make, axes={name: as_labels(name, labels) for name, labels in axes.items()})


def as_labels(name: str, labels: Iterable[Label]) -> tuple[Label, ...]:
    """The labels of an axis.

    Raises TypeError or ValueError when there are none, when one is neither number nor text, and
    when one occurs twice.
    """
    if name in RESERVED:
        raise ValueError(f"{name!r} is an axis that every sweep has. Give this one another name.")
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise TypeError(f"{name} is {labels!r}, but several labels are expected: [{labels!r}].")
    given = tuple(labels)
    odd = [label for label in given if not isinstance(label, Label)]
    if odd or not given or len(set(given)) < len(given):
        raise ValueError(
            f"{name} has the labels {list(given)}, but one or more numbers or texts are expected, "
            f"each once."
        )
    return given


def _several(made: Any, labels: dict[str, Label]) -> list[Mapping[str, Any]]:
    several = [made] if isinstance(made, Mapping) else made
    if not isinstance(several, list | tuple) or not all(isinstance(m, Mapping) for m in several):
        raise TypeError(
            f"{labels} gave {made!r}, but an intervention or a list of them is expected. Does the "
            f"function return its result?"
        )
    return list(several)
