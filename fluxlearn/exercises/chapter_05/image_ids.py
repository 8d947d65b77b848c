"""Give every image token its coordinates: (reference, row, column), row by row, as float32.

height and width are in pixels. reference is 0 for the picture that is painted and 1 for a picture
that is only looked at, as in Kontext.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.positions import image_ids


def by_product(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """Every reference (there is one) with every row with every column."""
    axes = [torch.tensor([reference]), torch.arange(height // 16), torch.arange(width // 16)]
    return torch.cartesian_prod(*axes).float().expand(batch, -1, -1)


def row_and_column_exchanged(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """Row and column have changed places: the order is (reference, row, column)."""
    return image_ids(batch, height, width, reference)[..., [0, 2, 1]]


def reference_last(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """The reference stands last: the order is (reference, row, column)."""
    return image_ids(batch, height, width, reference)[..., [1, 2, 0]]


def running_number(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """Tokens are numbered in one row, as words are: a token needs a row and a column."""
    ids = image_ids(batch, height, width, reference)
    ids[..., 1] = 0
    ids[..., 2] = torch.arange(ids.shape[1])
    return ids


def in_pixels(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """Rows and columns are counted in pixels: they are counted in tokens."""
    return image_ids(batch, height, width, reference) * torch.tensor([1.0, 16.0, 16.0])


def from_one(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """Rows and columns are counted from 1: the first token stands at row 0, column 0."""
    return image_ids(batch, height, width, reference) + torch.tensor([0.0, 1.0, 1.0])


def reference_ignored(batch: int, height: int, width: int, reference: int = 0) -> Tensor:
    """The reference is ignored: the first coordinate is always 0."""
    return image_ids(batch, height, width)


def inputs(generator: torch.Generator) -> tuple[int, int, int, int]:
    """A picture that is wider than high, and which reference it is."""
    return 2, 32, 48, int(torch.randint(1, 4, (), generator=generator))


def recorded(trained: Trained) -> tuple[int, int, int]:
    """The picture that is painted."""
    return 1, trained.run.options.height, trained.run.options.width


EXERCISE = Exercise(
    solution=image_ids,
    other=by_product,
    mistakes=(
        row_and_column_exchanged,
        reference_last,
        running_number,
        in_pixels,
        from_one,
        reference_ignored,
    ),
    hints=(
        "Start from zeros [h, w, 3], where a token's place in the grid is still to be seen.",
        "Fill ids[..., 1] with the row and ids[..., 2] with the column; broadcasting does the "
        "rest: torch.arange(h)[:, None].",
        "At the end reshape to [1, h · w, 3] and repeat it for the batch.",
    ),
    returns="[batch, img, 3], float32",
    inputs=inputs,
    recorded=recorded,
)
