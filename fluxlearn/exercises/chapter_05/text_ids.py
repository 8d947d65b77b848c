"""Give every text token its coordinates, as float32.

The order of the words is already in T5's features, so text tokens need no place of their own. FLUX
puts all of them where the picture's first token stands: (0, 0, 0).
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.positions import text_ids


def by_filling(batch: int, length: int) -> Tensor:
    """One number everywhere."""
    return torch.full((batch, length, 3), 0.0)


def counted(batch: int, length: int) -> Tensor:
    """The tokens are numbered along the columns: each would sit in another part of the picture."""
    ids = torch.zeros(batch, length, 3)
    ids[..., 2] = torch.arange(length)
    return ids


def counted_first(batch: int, length: int) -> Tensor:
    """The tokens are numbered on the reference axis, which FLUX.1 does not do for text."""
    ids = torch.zeros(batch, length, 3)
    ids[..., 0] = torch.arange(length)
    return ids


def ones(batch: int, length: int) -> Tensor:
    """All tokens sit at (1, 1, 1), one row and column off and marked as a reference picture."""
    return torch.ones(batch, length, 3)


def whole_numbers(batch: int, length: int) -> Tensor:
    """The ids are integers: they are multiplied by frequencies, and FLUX keeps them float32."""
    return torch.zeros(batch, length, 3, dtype=torch.int64)


def one_axis(batch: int, length: int) -> Tensor:
    """A token has one coordinate: it needs three, to stand in one sequence with the picture."""
    return torch.zeros(batch, length, 1)


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """A batch of short prompts."""
    return 2, int(torch.randint(3, 12, (), generator=generator))


def recorded(trained: Trained) -> tuple[int, int]:
    """The prompt's tokens."""
    return 1, trained.seen["in.txt"].shape[1]


EXERCISE = Exercise(
    solution=text_ids,
    other=by_filling,
    mistakes=(counted, counted_first, ones, whole_numbers, one_axis),
    hints=(
        "This one is shorter than you think.",
        "Every coordinate is the same number, and rotation by it changes nothing.",
        "torch.zeros of [batch, length, 3].",
    ),
    returns="[batch, txt, 3], float32",
    inputs=inputs,
    recorded=recorded,
)
