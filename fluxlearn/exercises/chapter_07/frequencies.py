"""How fast does each plane of a position axis turn, in radians a position?

ωₖ = θ^(−2k / channels)            k = 0 … channels / 2 − 1
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def frequencies(channels: int, theta: int) -> Float[Tensor, " pair"]:
    """From one radian a position down to about 1 / theta."""
    return theta ** (-torch.arange(0, channels, 2) / channels)


def by_logarithm(channels: int, theta: int) -> Tensor:
    """Evenly spaced logarithms."""
    planes = torch.arange(channels // 2)
    return torch.exp(-math.log(theta) * planes / (channels / 2))


def half_the_range(channels: int, theta: int) -> Tensor:
    """The factor 2 of the exponent is missing: the slowest plane is far too fast."""
    return theta ** (-torch.arange(channels // 2) / channels)


def growing(channels: int, theta: int) -> Tensor:
    """The sign of the exponent is missing: planes should turn ever more slowly."""
    return 1 / frequencies(channels, theta)


def slowest_first(channels: int, theta: int) -> Tensor:
    """The slowest plane comes first: plane 0 turns fastest, by one radian a position."""
    return frequencies(channels, theta).flip(0)


def to_the_end(channels: int, theta: int) -> Tensor:
    """The last plane has 1 / θ exactly: the exponents stop one short of 1."""
    return theta ** -torch.linspace(0, 1, channels // 2)


def from_one(channels: int, theta: int) -> Tensor:
    """The planes are counted from 1: plane 0 has ω = 1."""
    return theta ** (-(torch.arange(0, channels, 2) + 2) / channels)


def one_a_channel(channels: int, theta: int) -> Tensor:
    """There is a frequency for every channel: two channels share a plane, so half as many."""
    return theta ** (-torch.arange(channels) / channels)


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """A small axis, and a θ of its own."""
    half, theta = torch.randint(3, 9, (2,), generator=generator).tolist()
    return 2 * half, 1000 * theta


def recorded(trained: Trained) -> tuple[int, int]:
    """The row axis of the model."""
    return trained.pipe.flux.config.axes_dim[1], trained.pipe.flux.config.theta


EXERCISE = Exercise(
    solution=frequencies,
    other=by_logarithm,
    mistakes=(half_the_range, growing, slowest_first, to_the_end, from_one, one_a_channel),
    hints=(
        "How many planes are there, if two channels make one?",
        "torch.arange(0, channels, 2) is 2k for all planes at once.",
        "theta ** (-torch.arange(0, channels, 2) / channels)",
    ),
    returns="[channels / 2], the fastest first",
    inputs=inputs,
    recorded=recorded,
    atol=1e-7,  # the slowest planes matter too
)
