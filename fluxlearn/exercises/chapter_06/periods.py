"""By how much must t grow until each clock of the embedding has turned once?

emb(t) = [cos(1000 t · freq), sin(1000 t · freq)]        freqₖ = 10000^(−k / half)
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.embeddings import MAX_PERIOD, TIME_FACTOR


def periods(channels: int) -> Float[Tensor, "_"]:
    """One period for each clock, the fastest first: 2π / (1000 · freq)."""
    half = channels // 2
    frequencies = MAX_PERIOD ** (-torch.arange(half) / half)
    return 2 * math.pi / (TIME_FACTOR * frequencies)


def by_geometry(channels: int) -> Tensor:
    """A geometric series: each clock takes a fixed factor longer than the one before."""
    half = channels // 2
    factor = 10_000 ** (1 / half)
    return torch.tensor([2 * math.pi / 1000 * factor**k for k in range(half)])


def no_factor(channels: int) -> Tensor:
    """The factor 1000 is missing: the clocks run a thousand times faster."""
    return 1000 * periods(channels)


def no_turn(channels: int) -> Tensor:
    """This is the time for one radian: a turn has 2π of them."""
    return periods(channels) / (2 * math.pi)


def in_degrees(channels: int) -> Tensor:
    """A turn is taken as 360: cosine and sine count in radians, 2π a turn."""
    return periods(channels) / (2 * math.pi) * 360


def turns(channels: int) -> Tensor:
    """These are turns for each unit of t: their reciprocals are asked for."""
    return 1 / periods(channels)


def slowest_first(channels: int) -> Tensor:
    """The slowest clock comes first: freq falls with k, so the fastest is number 0."""
    return periods(channels).flip(0)


def to_the_end(channels: int) -> Tensor:
    """The exponents reach 1: they are k / half, not k / (half − 1)."""
    return 2 * math.pi / 1000 * 10_000 ** torch.linspace(0, 1, channels // 2)


def inputs(generator: torch.Generator) -> tuple[int]:
    """A small even number of channels."""
    return (2 * int(torch.randint(3, 9, (), generator=generator)),)


def recorded(trained: Trained) -> tuple[int]:
    """As many channels as the model's own embedding has."""
    return (trained.seen["embed.t_freq"].shape[-1],)


EXERCISE = Exercise(
    solution=periods,
    other=by_geometry,
    mistakes=(no_factor, no_turn, in_degrees, turns, slowest_first, to_the_end),
    hints=(
        "A cosine is back where it was when its angle has grown by 2π.",
        "Solve 1000 · period · freq = 2π for the period.",
        "2 * math.pi / (1000 * 10000 ** (-torch.arange(half) / half)); the fastest clock turns in "
        "0.0063, the slowest in almost 63.",
    ),
    returns="[channels / 2], the fastest clock first",
    inputs=inputs,
    recorded=recorded,
)
