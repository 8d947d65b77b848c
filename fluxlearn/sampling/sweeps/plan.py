"""The plan of a sweep: everything decided and checked before the first painting."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluxlearn.sampling.interventions.intervention import Intervention, intervene
from fluxlearn.sampling.options import Options
from fluxlearn.sampling.picture import Picture
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.sweeps.grid import Grid, Index, Label
from fluxlearn.sampling.sweeps.swept import Swept
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.trace.find import find

Prompts = str | Conditioning | Iterable[str | Conditioning]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Which pictures a sweep paints."""

    pipe: Pipeline
    prompts: tuple[str | Conditioning, ...]
    seeds: tuple[int, ...]
    options: dict[str, Any]  # of painting
    axes: dict[str, tuple[Label, ...]]  # the grid's, then prompt and seed
    edits: dict[Index, list[Mapping[str, Any]]]  # of each cell of the grid

    @classmethod
    def of(
        cls,
        pipe: Pipeline,
        prompts: Prompts,
        cells: Grid,
        seeds: Iterable[int],
        options: dict[str, Any],
    ) -> "Plan":
        """Check a request.

        Raises TypeError or ValueError for prompts, seeds, options or points that cannot be painted.
        """
        rows, numbers = _prompts(prompts), _seeds(seeds, options, pipe)
        labels = tuple(row if isinstance(row, str) else " · ".join(row.prompts) for row in rows)
        if len(set(labels)) < len(labels):
            raise ValueError(f"prompts are {list(labels)}, but each is needed once only.")
        edits = dict(cells.cells())
        names = {name for several in edits.values() for one in several for name in one}
        if names:
            find(sorted(names), pipe.points())
        axes = {**cells.axes, "prompt": labels, "seed": numbers}
        return cls(pipe=pipe, prompts=rows, seeds=numbers, options=options, axes=axes, edits=edits)

    def paint(self, row: int, column: int, cell: Index | None = None) -> Picture:
        """The picture of a prompt and a seed, edited as in a cell, or not at all."""
        with intervene(self.pipe, [] if cell is None else self.edits[cell]):
            return self.pipe.paint(self.prompts[row], seed=self.seeds[column], **self.options)

    def nothing_yet(self, measure: str) -> Swept:
        """The table of this plan, empty."""
        shape = tuple(len(labels) for labels in self.axes.values())
        plain = (*(1 for _ in shape[:-2]), *shape[-2:])
        return Swept(
            axes=self.axes,
            values=np.full(shape, np.nan),
            baseline=np.full(plain, np.nan),
            done=np.zeros(shape, dtype=bool),
            about={
                "measure": measure,
                "model": self.pipe.defaults.name,
                "options": {name: _told(value) for name, value in self.options.items()},
                "edits": self._digest(),
            },
        )

    def _digest(self) -> str:
        """A few letters that differ when the edits do; of tensors in them, only shapes count."""
        told = [
            repr(one) if isinstance(one, Intervention) else ", ".join(one)
            for several in self.edits.values()
            for one in several
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _prompts(prompts: Prompts) -> tuple[str | Conditioning, ...]:
    if isinstance(prompts, str):
        return (prompts,)
    if isinstance(prompts, Conditioning):
        return tuple(prompts[row] for row in range(len(prompts)))
    rows = tuple(prompts)
    odd = [row for row in rows if not isinstance(row, str | Conditioning)]
    if odd or not rows:
        raise TypeError(
            f"prompts are {list(rows)}, but one text or Conditioning, or a list of some, is "
            f"expected."
        )
    return rows


def _seeds(seeds: Iterable[int], options: dict[str, Any], pipe: Pipeline) -> tuple[int, ...]:
    if "seed" in options:
        raise TypeError(f"seed is {options['seed']!r}, but a sweep takes several: seeds=(0, 1).")
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds is {seeds!r}, but several are expected: [{seeds!r}].")
    numbers = tuple(seeds)
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"seeds are {list(numbers)}, but one or more are expected, each once.")
    for seed in numbers:
        Options.from_keywords({**options, "seed": seed}, pipe.defaults)
    return numbers


def _told(value: Any) -> Any:
    """An option as JSON; of a picture, only that there was one."""
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else type(value).__name__
