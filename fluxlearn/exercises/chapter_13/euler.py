"""Follow the velocity from the first time to the last.

    x ← x + (t′ − t) · v(x, t)              for each t and the next time t′

velocity(x, t) asks the model; times fall from 1 to 0.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Velocity = Callable[[Tensor, float], Tensor]


def euler(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """`fluxlearn.sampling.solvers.euler` without its taps: one call a step."""
    for t, t_next in pairwise(times):
        x = x + (t_next - t) * velocity(x, t)
    return x


def by_recursion(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """One step, and the rest of the way from there."""
    if len(times) < 2:
        return x
    step = (times[1] - times[0]) * velocity(x, times[0])
    return by_recursion(velocity, x + step, times[1:])


def away(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """Every step leads away from the picture: the factor is t′ − t, which is negative."""
    for t, t_next in pairwise(times):
        x = x + (t - t_next) * velocity(x, t)
    return x


def asked_at_the_end(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The model is told the next time while it sees x at the present one."""
    for t, t_next in pairwise(times):
        x = x + (t_next - t) * velocity(x, t_next)
    return x


def asked_once(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The first velocity is used all the way: the model must be asked again where x has moved."""
    return x + (times[-1] - times[0]) * velocity(x, times[0])


def stops_early(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The last step is missing: some noise is left. n + 1 times make n steps."""
    return euler(velocity, x, times[:-1])


def even_steps(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """Every step is 1 / n long: steps are as long as the times say, and those are not even."""
    for t in times[:-1]:
        x = x - velocity(x, t) / (len(times) - 1)
    return x


def backwards(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The times are walked from the picture to noise."""
    return euler(velocity, x, times[::-1])


def inputs(generator: torch.Generator) -> tuple[Velocity, Tensor, list[float]]:
    """A curved path, and uneven steps."""
    times = [1.0, 0.8, 0.5, 0.3, 0.0]
    return lambda x, t: x.sin() + t * x, torch.randn(2, 3, generator=generator), times


def recorded(trained: Trained) -> tuple[Velocity, Tensor, list[float]]:
    """A whole painting: prompt, noise and schedule of toy-dev."""
    return trained.run.velocity, trained.run.tokens, trained.run.times


EXERCISE = Exercise(
    solution=euler,
    other=by_recursion,
    mistakes=(away, asked_at_the_end, asked_once, stops_early, even_steps, backwards),
    hints=(
        "itertools.pairwise(times) gives each time with the next one.",
        "Ask at t, then move by (t′ − t) times the answer.",
        "for t, t_next in pairwise(times): x = x + (t_next - t) * velocity(x, t)",
    ),
    returns="x at the last time",
    inputs=inputs,
    recorded=recorded,
    atol=1e-3,  # a model called several times on what it made itself
)
