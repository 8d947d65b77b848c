"""Write a number as the hands of many clocks, from fast to slow.

freqₖ  = 10000^(−k / half)                        k = 0 … half − 1, half = channels / 2
emb(t) = [cos(1000 t · freq), sin(1000 t · freq)]
"""

import math

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.embeddings import timestep_embedding


def by_complex_numbers(t: Tensor, channels: int = 256) -> Tensor:
    """Cosine and sine are the two parts of e^(i · angle)."""
    half = channels // 2
    frequencies = 10_000 ** -torch.linspace(0, 1, half + 1)[:-1]
    hands = torch.exp(1j * torch.outer(1000 * t, frequencies))
    return torch.cat([hands.real, hands.imag], dim=1)


def no_factor(t: Tensor, channels: int = 256) -> Tensor:
    """The factor 1000 is missing: with t in [0, 1] even the fastest clock turns only 57°."""
    return timestep_embedding(t / 1000, channels)


def sines_first(t: Tensor, channels: int = 256) -> Tensor:
    """Sines come first: FLUX puts the cosines first."""
    cosines, sines = timestep_embedding(t, channels).chunk(2, dim=-1)
    return torch.cat([sines, cosines], dim=-1)


def interleaved(t: Tensor, channels: int = 256) -> Tensor:
    """Cosines and sines alternate: FLUX puts all cosines first, then all sines."""
    return timestep_embedding(t, channels).unflatten(-1, (2, -1)).mT.flatten(-2)


def to_the_end(t: Tensor, channels: int = 256) -> Tensor:
    """The exponents reach 1: they are k / half, not k / (half − 1), and stop one short of it."""
    frequencies = 10_000 ** -torch.linspace(0, 1, channels // 2)
    angles = 1000 * t[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def half_the_range(t: Tensor, channels: int = 256) -> Tensor:
    """The exponents stop at ½: k is divided by half, not by all channels."""
    frequencies = 10_000 ** (-torch.arange(channels // 2) / channels)
    angles = 1000 * t[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def in_turns(t: Tensor, channels: int = 256) -> Tensor:
    """There is a 2π too many: 1000 t · freq is an angle in radians already."""
    return timestep_embedding(2 * math.pi * t, channels)


def inputs(generator: torch.Generator) -> tuple[Tensor, int]:
    """Some times."""
    return torch.rand(5, generator=generator), 16


def recorded(trained: Trained) -> tuple[Tensor, int]:
    """The time of the step."""
    return trained.seen["in.t"], 256


EXERCISE = Exercise(
    solution=timestep_embedding,
    other=by_complex_numbers,
    mistakes=(no_factor, sines_first, interleaved, to_the_end, half_the_range, in_turns),
    hints=(
        "First the frequencies, then all angles, a table [batch, half], then two functions of it.",
        "10000 ** (-torch.arange(half) / half) are the frequencies; t[:, None] gives the table.",
        "angles = 1000 * t[:, None] * freq; torch.cat([angles.cos(), angles.sin()], dim=-1).",
    ),
    returns="[batch, channels]",
    inputs=inputs,
    recorded=recorded,
    gradients=("t",),
    atol=1e-2,  # angles of 1000 radians keep four digits in float32, and so do their gradients
)
