"""Turn positions along one axis into rotations: a 2 × 2 matrix for each position and plane.

    ωₖ     = θ^(−2k / channels)
    matrix = ⎡ cos pωₖ  −sin pωₖ ⎤
             ⎣ sin pωₖ   cos pωₖ ⎦

`my_frequencies` from the exercise before does the first line.
"""

import math

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.rope import rope


def by_complex_numbers(positions: Tensor, channels: int, theta: int) -> Tensor:
    """The columns of the matrix are e^(ia) and i · e^(ia)."""
    angles = positions[..., None] * theta ** (-torch.arange(0, channels, 2) / channels)
    turns = torch.polar(torch.ones_like(angles), angles)
    return torch.stack([torch.view_as_real(turns), torch.view_as_real(1j * turns)], dim=-1)


def backwards(positions: Tensor, channels: int, theta: int) -> Tensor:
    """The planes turn backwards: the minus sign belongs to the upper right sine."""
    return rope(positions, channels, theta).mT


def cosine_and_sine_exchanged(positions: Tensor, channels: int, theta: int) -> Tensor:
    """Cosine and sine have changed places: position 0 should turn nothing."""
    cos, sin = rope(positions, channels, theta)[..., 0].unbind(-1)
    return torch.stack([sin, -cos, cos, sin], dim=-1).unflatten(-1, (2, 2))


def mirrored(positions: Tensor, channels: int, theta: int) -> Tensor:
    """These matrices mirror: both sines have the same sign, and the lower cosine a minus."""
    return rope(positions, channels, theta) * torch.tensor([[1.0, -1.0], [1.0, -1.0]])


def in_degrees(positions: Tensor, channels: int, theta: int) -> Tensor:
    """The angles are taken for degrees: p · ω is in radians."""
    return rope(positions * math.pi / 180, channels, theta)


def half_the_range(positions: Tensor, channels: int, theta: int) -> Tensor:
    """The factor 2 of the exponent is missing: the slow planes turn too fast."""
    return rope(positions, 2 * channels, theta)[..., : channels // 2, :, :]


def stretched(positions: Tensor, channels: int, theta: int) -> Tensor:
    """The positions are scaled to at most 1: a step of one token should be an angle of ω."""
    return rope(positions / positions.max(), channels, theta)


def inputs(generator: torch.Generator) -> tuple[Tensor, int, int]:
    """Whole positions, as floats."""
    return torch.randint(1, 40, (2, 5), generator=generator).float(), 16, 10_000


def recorded(trained: Trained) -> tuple[Tensor, int, int]:
    """The rows of the joint sequence."""
    config = trained.pipe.flux.config
    return trained.seen["pe.ids"][..., 1], config.axes_dim[1], config.theta


EXERCISE = Exercise(
    solution=rope,
    other=by_complex_numbers,
    mistakes=(
        backwards,
        cosine_and_sine_exchanged,
        mirrored,
        in_degrees,
        half_the_range,
        stretched,
    ),
    hints=(
        "First all angles: positions[..., None] times the frequencies is [batch, seq, pair].",
        "Stack the four entries of the matrix along a new last axis: cos, −sin, sin, cos.",
        "torch.stack([cos, -sin, sin, cos], dim=-1).unflatten(-1, (2, 2))",
    ),
    returns="[batch, seq, channels / 2, 2, 2]",
    inputs=inputs,
    recorded=recorded,
    atol=1e-4,  # angles of 40 radians
)
