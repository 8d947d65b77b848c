"""Follow the velocity with two calls a step: try Euler's step, ask again at its end, take the mean.

    x′ = x + h · v(x, t)        x ← x + h/2 · (v(x, t) + v(x′, t′))        h = t′ − t

A step that ends at t′ = 0 is Euler's: there the model was hardly trained.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Velocity = Callable[[Tensor, float], Tensor]


def heun(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """`fluxlearn.sampling.solvers.heun` without its taps."""
    for t, t_next in pairwise(times):
        v = velocity(x, t)
        tried = x + (t_next - t) * v
        if t_next == 0:
            return tried
        x = x + (t_next - t) / 2 * (v + velocity(tried, t_next))
    return x


def by_two_euler_steps(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The mean of where x is and where two Euler steps of the same length lead."""
    for t, t_next in pairwise(times):
        once = x + (t_next - t) * velocity(x, t)
        if t_next > 0:
            twice = once + (t_next - t) * velocity(once, t_next)
            x = (x + twice) / 2
        else:
            x = once
    return x


def only_euler(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """This is Euler's method: the velocity at the end of the step is not used."""
    for t, t_next in pairwise(times):
        x = x + (t_next - t) * velocity(x, t)
    return x


def to_the_very_end(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The model is asked at t = 0 too: the last step is Euler's."""
    return heun(velocity, x, [*times[:-1], 1e-9])


def midpoint(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """This is the midpoint method: Heun asks at the end of the step, not half-way."""
    for t, t_next in pairwise(times):
        v = velocity(x, t)
        if t_next > 0:
            v = velocity(x + (t_next - t) / 2 * v, (t + t_next) / 2)
        x = x + (t_next - t) * v
    return x


def not_halved(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """Both velocities are added up: their mean is meant, so each step goes too far."""
    for t, t_next in pairwise(times):
        v = velocity(x, t)
        tried = x + (t_next - t) * v
        x = tried + (t_next - t) * velocity(tried, t_next) if t_next > 0 else tried
    return x


def only_the_end(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """Only the velocity at the end of the step is used: the mean of both is meant."""
    for t, t_next in pairwise(times):
        v = velocity(x, t)
        v = velocity(x + (t_next - t) * v, t_next) if t_next > 0 else v
        x = x + (t_next - t) * v
    return x


def old_time(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The second call is told the time of the first: at x′ it is t′."""
    for t, t_next in pairwise(times):
        v = velocity(x, t)
        tried = x + (t_next - t) * v
        x = x + (t_next - t) / 2 * (v + velocity(tried, t)) if t_next > 0 else tried
    return x


def from_the_try(velocity: Velocity, x: Tensor, times: list[float]) -> Tensor:
    """The mean step starts from x′: it starts from x, the try was only to ask."""
    for t, t_next in pairwise(times):
        v = velocity(x, t)
        tried = x + (t_next - t) * v
        x = tried + (t_next - t) / 2 * (v + velocity(tried, t_next)) if t_next > 0 else tried
    return x


def inputs(generator: torch.Generator) -> tuple[Velocity, Tensor, list[float]]:
    """A curved path, and uneven steps."""
    times = [1.0, 0.8, 0.5, 0.3, 0.0]
    return lambda x, t: x.sin() + t * x, torch.randn(2, 3, generator=generator), times


def recorded(trained: Trained) -> tuple[Velocity, Tensor, list[float]]:
    """A whole painting: prompt, noise and schedule of toy-dev."""
    return trained.run.velocity, trained.run.tokens, trained.run.times


EXERCISE = Exercise(
    solution=heun,
    other=by_two_euler_steps,
    mistakes=(
        only_euler,
        to_the_very_end,
        midpoint,
        not_halved,
        only_the_end,
        old_time,
        from_the_try,
    ),
    hints=(
        "Start from your Euler loop, and keep the velocity in a variable.",
        "x′ is only for asking: the step itself starts at x again.",
        "x = x + (t_next - t) / 2 * (v + velocity(tried, t_next)), or x = tried when t_next is 0.",
    ),
    returns="x at the last time",
    inputs=inputs,
    recorded=recorded,
    atol=1e-3,  # a model called several times on what it made itself
)
