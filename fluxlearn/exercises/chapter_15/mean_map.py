"""One map from all that was kept: the mean over steps, blocks and heads, laid out as a picture.

values   [step, block, batch, head, img]        img = h · w, row by row
map      [batch, h, w]
"""

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.trace.attention.columns import columns


def mean_map(
    values: Float[Tensor, "step block batch head img"], h: int, w: int
) -> Float[Tensor, "batch h w"]:
    """The pattern names what goes, what stays, and how places lie."""
    return reduce(values, "step block batch head (h w) -> batch h w", "mean", h=h, w=w)


def by_dimensions(values: Tensor, h: int, w: int) -> Tensor:
    """The same by the numbers of the axes."""
    return values.mean(dim=(0, 1, 3)).unflatten(-1, (h, w))


def column_by_column(values: Tensor, h: int, w: int) -> Tensor:
    """Tokens are laid out column by column: they come row by row."""
    return values.mean(dim=(0, 1, 3)).unflatten(-1, (w, h)).mT


def lying(values: Tensor, h: int, w: int) -> Tensor:
    """Rows and columns of the map are exchanged: it lies on its side."""
    return mean_map(values, h, w).mT


def batch_for_head(values: Tensor, h: int, w: int) -> Tensor:
    """The mean runs over the batch and keeps the heads: pictures are mixed, and heads are not."""
    return values.mean(dim=(0, 1, 2)).unflatten(-1, (h, w))


def over_places(values: Tensor, h: int, w: int) -> Tensor:
    """The mean runs over the places: how much the word gets is left, and where is gone."""
    mean = values.mean(dim=(0, 1, 3, 4))
    return mean[:, None, None].expand(-1, h, w)


def summed(values: Tensor, h: int, w: int) -> Tensor:
    """Values are added up: a mean of shares is a share again, a sum can be above 1."""
    return values.sum(dim=(0, 1, 3)).unflatten(-1, (h, w))


def largest(values: Tensor, h: int, w: int) -> Tensor:
    """The largest value is taken: one head at one step then decides each place."""
    return values.amax(dim=(0, 1, 3)).unflatten(-1, (h, w))


def last_step(values: Tensor, h: int, w: int) -> Tensor:
    """Only the last step is averaged over blocks and heads: take all steps."""
    return mean_map(values[-1:], h, w)


def inputs(generator: torch.Generator) -> tuple[Tensor, int, int]:
    """Two steps, four blocks, two pictures, three heads, and a grid that is no square."""
    return torch.rand(2, 4, 2, 3, 6, generator=generator), 2, 3


def recorded(trained: Trained) -> tuple[Tensor, int, int]:
    """What each place gives to "red", head by head, in the one block and step that are recorded."""
    q, k = (trained.seen[f"double.0.attn.{name}"] for name in ("q", "k"))
    txt, side = trained.seen["in.txt"].shape[1], 8
    return columns(q[:, :, txt:], k, [2])[None, None, ..., 0], side, side


EXERCISE = Exercise(
    solution=mean_map,
    other=by_dimensions,
    mistakes=(
        column_by_column,
        lying,
        batch_for_head,
        over_places,
        summed,
        largest,
        last_step,
    ),
    hints=(
        "Which of the five axes must be gone, which is to become two?",
        "Average over axes 0, 1 and 3; cut the last one into rows.",
        "values.mean(dim=(0, 1, 3)).unflatten(-1, (h, w))",
    ),
    returns="[batch, h, w]",
    inputs=inputs,
    recorded=recorded,
)
