"""Sweep: paint once for each cell of a grid, and measure every picture.

    vitality = sweep(
        pipe,
        ["a red circle", "a blue square"],
        grid(lambda block: bypass(block), block=block_names(pipe)),
        pixel_distance,
        seeds=range(4),
        path="vitality.safetensors",
        steps=8,
    )
    vitality.plot()

For every prompt and seed the picture is painted once without any edit, and that baseline goes to
the measure beside the edited picture. Each picture is painted by itself, so that any one of them
can be painted again with `pipe.paint(prompt, seed=seed, …)`.

With a path, every number is on disk as soon as it is known, and the same call goes on where it was
stopped.

    cost = paintings · seconds of one        paintings = prompts · seeds · (1 + cells)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from tqdm import tqdm

from fluxlearn.files import check_place
from fluxlearn.sampling.picture import Picture
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.sweeps.grid import Grid, Index
from fluxlearn.sampling.sweeps.plan import Plan, Prompts
from fluxlearn.sampling.sweeps.swept import Swept

Measure = Callable[[Picture, Picture], Any]
"""measure(picture, baseline) → a number, True, False, or None where there is nothing to measure."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a sweep will take."""

    paintings: int  # with the baselines, without what is done already
    seconds: float  # of one edited painting, times all of them

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        parts = {"h": hours, "min": minutes, "s": seconds}
        told = [f"{count} {unit}" for unit, count in parts.items() if count][:2]
        return f"{self.paintings} paintings, about {' '.join(told) or 'no time'}"


def sweep(
    pipe: Pipeline,
    prompts: Prompts,
    cells: Grid,
    measure: Measure,
    seeds: Iterable[int] = (0,),
    path: str | Path | None = None,
    **options: Any,
) -> Swept:
    """Paint every cell for every prompt and seed, and measure each picture.

    prompts  one or several, as text or as a `Conditioning`.
    cells    what is done: see `grid`.
    measure  of a picture and its baseline, each a `Picture` of its own. The baseline is measured
             too, against itself.
    path     a safetensors file to keep the numbers in, and to go on from.
    options  of painting: steps, guidance, height, width, solver; see `Options`.

    Raises TypeError or ValueError before anything is painted, for a request that cannot be painted
    and for a file that holds another sweep.
    """
    plan = Plan.of(pipe, prompts, cells, seeds, options)
    swept = _begin(plan, getattr(measure, "__name__", type(measure).__name__), path)
    told = f"sweep over {' × '.join(cells.axes)}"
    count = _count(swept)
    # None draws the bar where lines can be drawn over: in a terminal, not in a notebook or a file.
    off = None if count else True
    with tqdm(total=count, desc=told, unit=" paintings", disable=off) as bar:
        for row, column in np.ndindex(len(plan.prompts), len(plan.seeds)):
            for cell, value in _measured(plan, swept, (row, column), measure, bar):
                swept.values[(*cell, row, column)] = value
                swept.done[(*cell, row, column)] = True
                if path is not None:
                    swept.save(path)
    return swept


def estimate(
    pipe: Pipeline,
    prompts: Prompts,
    cells: Grid,
    seeds: Iterable[int] = (0,),
    path: str | Path | None = None,
    **options: Any,
) -> Cost:
    """What a sweep will take, from one painting of its first cell; arguments as for `sweep`.

    Raises as `sweep` does, but cannot tell whether a file was measured otherwise.
    """
    plan = Plan.of(pipe, prompts, cells, seeds, options)
    count = _count(_begin(plan, None, path))
    if not count:
        return Cost(paintings=0, seconds=0.0)
    start = perf_counter()
    plan.paint(0, 0, next(iter(plan.edits)))
    return Cost(paintings=count, seconds=count * (perf_counter() - start))


def _begin(plan: Plan, measure: str | None, path: str | Path | None) -> Swept:
    """The table as far as it is known: from the file, if there is one.

    measure  its name; None is any.
    """
    empty = plan.nothing_yet(measure or "")
    if path is None:
        return empty
    check_place(Path(path))
    if not Path(path).exists():
        return empty
    known = Swept.load(path)
    # Lists, since two sweeps with their axes in another order are not the same.
    asked = {"axes": list(empty.axes.items()), **empty.about}
    found = {"axes": list(known.axes.items()), **known.about}
    for name, value in asked.items():
        if (name != "measure" or measure) and found.get(name) != value:
            raise ValueError(
                f"{path} holds a sweep with other {name}: {found.get(name)}, but {value} is asked "
                f"for. Choose another path, or remove the file."
            )
    return known


def _measured(
    plan: Plan, swept: Swept, place: tuple[int, int], measure: Measure, bar: Any
) -> Iterable[tuple[Index, float]]:
    """Each cell that is still to be painted for a prompt and a seed, with its number."""
    todo = [cell for cell in plan.edits if not swept.done[(*cell, *place)]]
    if not todo:
        return
    baseline = plan.paint(*place)
    swept.baseline[..., place[0], place[1]] = as_value(measure(baseline, baseline))
    bar.update()
    for cell in todo:
        yield cell, as_value(measure(plan.paint(*place, cell), baseline))
        bar.update()


def _count(swept: Swept) -> int:
    """Paintings to come: cells not done, and a baseline for each prompt and seed that has some."""
    todo = ~swept.done
    grid = tuple(range(todo.ndim - 2))
    return int(todo.sum() + todo.any(axis=grid).sum())


def as_value(measured: Any) -> float:
    """What a measure gave, as a number; NaN for None.

    Raises TypeError for anything else.
    """
    if measured is None:
        return float("nan")
    if hasattr(measured, "item") and prod(measured.shape) == 1:
        measured = measured.item()
    if not isinstance(measured, int | float):
        raise TypeError(
            f"measure gave {measured!r}, but a number, True, False or None is expected. Take a "
            f"mean."
        )
    return float(measured)
