"""An excerpt of a painting: only the steps that are looked at, and those that lead to them.

    wanted = choose_steps(pipe, (0, 5), options)
    for state in paint_until(pipe, prompt, wanted[-1], options): …
    states = states_at(pipe, prompt, wanted, options)          of steps 0 and 5 only

What comes after the last of them is never computed, and nothing is decoded.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import torch

from fluxlearn.sampling.image_to_image import start_part_way
from fluxlearn.sampling.options import Options
from fluxlearn.sampling.pipeline import Pipeline, Prompt
from fluxlearn.sampling.schedule import make_schedule
from fluxlearn.sampling.solvers import State

Steps = int | Collection[int] | None
"""A step of the solver, from 0; several of them; or None for all."""


def choose_steps(pipe: Pipeline, step: Steps, options: dict[str, Any]) -> tuple[int, ...]:
    """The steps that were asked for, in order; all options of painting are checked.

    Raises ValueError or TypeError, before any model runs.
    """
    count = _count_steps(pipe, options)
    if step is None:
        return tuple(range(count))
    asked = list(step) if isinstance(step, Collection) else [step]
    if not asked:
        raise ValueError("step is empty, so there is nothing to look at. Leave it out for all.")
    for value in asked:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
            raise ValueError(
                f"step is {value!r}, but this painting takes {count} steps, counted from 0 to "
                f"{count - 1}. For a longer one, pass steps= as well."
            )
    return tuple(sorted(set(asked)))


def paint_until(
    pipe: Pipeline, prompt: Prompt, last: int, options: dict[str, Any]
) -> Iterator[State]:
    """Paint up to a step and including it, one `State` a model call."""
    run = pipe.prepare(prompt, **options)
    yield from pipe._follow(replace(run, times=run.times[: last + 2]))


def states_at(
    pipe: Pipeline, prompt: Prompt, wanted: tuple[int, ...], options: dict[str, Any]
) -> list[State]:
    """Paint up to the last of some steps, and keep the `State` of each model call of these steps.

    wanted  as `choose_steps` gives them.
    """
    return [s for s in paint_until(pipe, prompt, wanted[-1], options) if s.index in wanted]


def _count_steps(pipe: Pipeline, options: dict[str, Any]) -> int:
    """How many steps a painting with these options will take; all options are checked."""
    asked = Options.from_keywords(options, pipe.defaults)
    times = make_schedule(asked.steps, tokens=1).tolist()
    if asked.start_image is not None:
        nothing = torch.zeros(1, 1, 1, 1)
        _, times = start_part_way(nothing, nothing, times, asked.strength)
    return len(times) - 1
