"""How many image tokens has a picture of so many pixels?

The autoencoder makes 8 pixels a side one latent cell, patchify makes 2 cells a side one token.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.tokens import token_grid


def token_count(height: int, width: int) -> int:
    """Rows of tokens times columns of tokens."""
    rows, columns = token_grid(height, width)
    return rows * columns


def by_area(height: int, width: int) -> int:
    """A token covers 256 pixels."""
    return height * width // 256


def latent_cells(height: int, width: int) -> int:
    """These are latent cells: patchify halves both sides once more."""
    return (height // 8) * (width // 8)


def one_side_only(height: int, width: int) -> int:
    """The whole area is divided by 16: both sides are, so by 16 · 16."""
    return height * width // 16


def added(height: int, width: int) -> int:
    """Rows and columns are added: a grid has rows times columns."""
    return height // 16 + width // 16


def values(height: int, width: int) -> int:
    """These are values, not tokens: each token holds 16 · 2 · 2 = 64 of them."""
    return token_count(height, width) * 64


def with_text(height: int, width: int) -> int:
    """The 512 text tokens are counted along: only image tokens are asked for."""
    return token_count(height, width) + 512


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """Sides in pixels."""
    height, width = (16 * torch.randint(4, 90, (2,), generator=generator)).tolist()
    return height, width


def recorded(trained: Trained) -> tuple[int, int]:
    """The size that toy-dev paints."""
    return trained.run.options.height, trained.run.options.width


EXERCISE = Exercise(
    solution=token_count,
    other=by_area,
    mistakes=(latent_cells, one_side_only, added, values, with_text),
    hints=(
        "Follow one side: pixels → latent cells → tokens.",
        "8 pixels a cell and 2 cells a token make 16 pixels a token, along each side.",
        "(height // 16) * (width // 16); for 1024 × 1024 it is 4096.",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)
