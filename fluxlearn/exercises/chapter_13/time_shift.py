"""Bend times towards noise, so that more steps are spent there.

    t′ = e^μ / (e^μ + 1/t − 1)

The ends stay: 0 stays 0 and 1 stays 1.
"""

import math

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.schedule import shift_for, time_shift


def by_logits(mu: float, t: Tensor) -> Tensor:
    """In logits it is an addition."""
    return torch.sigmoid(torch.logit(t) + mu)


def not_exponential(mu: float, t: Tensor) -> Tensor:
    """μ is used where e^μ is meant: μ = 0 should change nothing."""
    return mu / (mu + (1 / t - 1))


def towards_the_picture(mu: float, t: Tensor) -> Tensor:
    """Times are bent towards the picture: the sign of μ is flipped."""
    return time_shift(-mu, t)


def multiplied(mu: float, t: Tensor) -> Tensor:
    """t is multiplied by e^μ, which leads beyond 1: 1/t − 1 is divided by it."""
    return math.exp(mu) * t


def added(mu: float, t: Tensor) -> Tensor:
    """μ is added to t: it is added to the logit of t."""
    return t + mu


def by_a_power(mu: float, t: Tensor) -> Tensor:
    """t is raised to a power, which also keeps the ends and bends, but along another curve."""
    return t ** math.exp(-mu)


def always_three(mu: float, t: Tensor) -> Tensor:
    """The shift is always 3, as some trainers have it: here it is e^μ."""
    return 3 * t / (1 + 2 * t)


def inputs(generator: torch.Generator) -> tuple[float, Tensor]:
    """A μ between those of the smallest and the largest picture, and times with both ends."""
    return 0.5 + 0.4 * torch.rand((), generator=generator).item(), torch.linspace(0, 1, 9)


def recorded(trained: Trained) -> tuple[float, Tensor]:
    """The schedule of a painting before it was bent."""
    return shift_for(trained.run.tokens.shape[1]), torch.linspace(1, 0, len(trained.run.times))


EXERCISE = Exercise(
    solution=time_shift,
    other=by_logits,
    mistakes=(
        not_exponential,
        towards_the_picture,
        multiplied,
        added,
        by_a_power,
        always_three,
    ),
    hints=(
        "What should μ = 0 do? Try your formula with it.",
        "math.exp(mu) occurs twice. Dividing by t = 0 is no problem for a tensor: 1/0 is infinity.",
        "math.exp(mu) / (math.exp(mu) + 1 / t - 1)",
    ),
    returns="[time]",
    inputs=inputs,
    recorded=recorded,
)
