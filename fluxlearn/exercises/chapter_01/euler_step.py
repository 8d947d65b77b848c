"""Go one step of the way from noise to picture, from time t to the earlier time t_next.

    x + (t_next − t) · v

t_next is smaller than t: the factor is negative, the step leads against v.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import interpolate, noise_from_velocity, x0_from_velocity


def euler_step(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """Time times velocity."""
    return x + (t_next - t) * v


def by_the_ends(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """Both ends of the straight path, mixed anew for the next time."""
    return interpolate(x0_from_velocity(x, v, t), noise_from_velocity(x, v, t), t_next)


def away(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """The step leads away from the picture: the factor is t_next − t, which is negative."""
    return x + (t - t_next) * v


def to_the_end(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """This goes all the way to t = 0: a step ends at t_next."""
    return x - t * v


def next_time_only(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """v is multiplied by the next time: what counts is the time between."""
    return x - t_next * v


def whole_velocity(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """A whole velocity is subtracted: the step is only t − t_next long."""
    return x - v


def faded(x: Tensor, v: Tensor, t: float, t_next: float) -> Tensor:
    """x and v are mixed as picture and noise are: a step adds, and nothing fades."""
    return (1 - (t - t_next)) * x - (t - t_next) * v


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, float, float]:
    """A point, a velocity, and a step."""
    x, v = torch.randn(2, 4, 3, 2, generator=generator)
    return x, v, 0.9, 0.5 + 0.2 * torch.rand((), generator=generator).item()


def recorded(trained: Trained) -> tuple[Tensor, Tensor, float, float]:
    """A step of the painting."""
    t, t_next = trained.run.times[1:3]
    return trained.seen["step.x"], trained.seen["step.v"], t, t_next


EXERCISE = Exercise(
    solution=euler_step,
    other=by_the_ends,
    mistakes=(away, to_the_end, next_time_only, whole_velocity, faded),
    hints=(
        "How far does a car get that drives with velocity v from time t to time t_next?",
        "By (t_next − t) · v, which points against v, since time runs backwards.",
        "x + (t_next - t) * v",
    ),
    returns="x at t_next",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "v"),
)
