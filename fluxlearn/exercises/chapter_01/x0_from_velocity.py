"""Which picture does a model expect that stands at x_t and says v?

    x_t = (1 − t) · x₀ + t · ε              v = ε − x₀

Solve for x₀. t is one number here.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import noise_from_velocity, x0_from_velocity


def by_the_noise(x_t: Tensor, v: Tensor, t: float) -> Tensor:
    """First the noise at the other end of the path, then a whole velocity back."""
    return x_t + (1 - t) * v - v


def away(x_t: Tensor, v: Tensor, t: float) -> Tensor:
    """The sign is flipped: v points to noise, so the picture lies against it."""
    return x_t + t * v


def the_noise(x_t: Tensor, v: Tensor, t: float) -> Tensor:
    """This is the other end of the path, the noise."""
    return noise_from_velocity(x_t, v, t)


def wrong_share(x_t: Tensor, v: Tensor, t: float) -> Tensor:
    """The way back to t = 0 is t long, not 1 − t."""
    return x_t - (1 - t) * v


def whole_velocity(x_t: Tensor, v: Tensor, t: float) -> Tensor:
    """A whole velocity leads from t = 1 to t = 0: from t it is too far."""
    return x_t - v


def divided(x_t: Tensor, v: Tensor, t: float) -> Tensor:
    """v is divided by t: it is multiplied, time times velocity being a way."""
    return x_t - v / t


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """A point, a velocity and a time that is not a half."""
    x_t, v = torch.randn(2, 4, 3, 2, generator=generator)
    return x_t, v, 0.6 + 0.3 * torch.rand((), generator=generator).item()


def recorded(trained: Trained) -> tuple[Tensor, Tensor, float]:
    """Where the painting stands and what the model says."""
    return trained.seen["step.x"], trained.seen["step.v"], trained.seen["in.t"].item()


EXERCISE = Exercise(
    solution=x0_from_velocity,
    other=by_the_noise,
    mistakes=(away, the_noise, wrong_share, whole_velocity, divided),
    hints=(
        "Replace ε by x₀ + v in the first equation.",
        "x_t = x₀ + t · v",
        "x_t - t * v",
    ),
    returns="x0, of the shape of x_t",
    inputs=inputs,
    recorded=recorded,
    gradients=("x_t", "v"),
)
