"""How strongly are times bent for a picture of so many tokens?

μ = 0.5 at 256 tokens, 1.15 at 4096 tokens, and on the straight line through both elsewhere
"""

import math

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.schedule import shift_for

SIZES = (64, 6400, 16384)  # tokens: below the two points, above them, far above


def by_weights(tokens: int) -> float:
    """A weighted mean of both ends, with weights that may leave [0, 1]."""
    share = (tokens - 256) / (4096 - 256)
    return (1 - share) * 0.5 + share * 1.15


def clamped(tokens: int) -> float:
    """The line is cut off at both points: FLUX lets it run on, to 3.2 at 2048 × 2048 pixels."""
    return min(max(shift_for(tokens), 0.5), 1.15)


def through_zero(tokens: int) -> float:
    """The line runs through 0: it runs through 0.5 at 256 tokens."""
    return 1.15 * tokens / 4096


def logarithmic(tokens: int) -> float:
    """The line is straight in the logarithm of tokens: it is straight in tokens."""
    return 0.5 + 0.65 * math.log(tokens / 256) / math.log(16)


def by_side(tokens: int) -> float:
    """The line is straight in the picture's side: it is straight in the number of tokens."""
    return 0.5 + 0.65 * (math.sqrt(tokens) - 16) / 48


def as_written_elsewhere(tokens: int) -> float:
    """This is 0.5 + 1.15 · tokens / 256, which is written here and there: 4096 tokens give 18.9."""
    return 0.5 + 1.15 * tokens / 256


def ends_exchanged(tokens: int) -> float:
    """The two ends have changed places: larger pictures are bent more."""
    return 1.65 - shift_for(tokens)


def inputs(generator: torch.Generator) -> tuple[int]:
    """Pictures that are smaller and larger than the two points."""
    return (SIZES[int(torch.randint(len(SIZES), (), generator=generator))],)


def recorded(trained: Trained) -> tuple[int]:
    """toy-dev's tokens."""
    return (trained.run.tokens.shape[1],)


EXERCISE = Exercise(
    solution=shift_for,
    other=by_weights,
    mistakes=(
        clamped,
        through_zero,
        logarithmic,
        by_side,
        as_written_elsewhere,
        ends_exchanged,
    ),
    hints=(
        "A line through two points: y₁ + (x − x₁) · slope.",
        "The slope is (1.15 − 0.5) / (4096 − 256), a very small number.",
        "0.5 + (tokens - 256) * (1.15 - 0.5) / (4096 - 256)",
    ),
    returns="μ, a number",
    inputs=inputs,
    recorded=recorded,
)
