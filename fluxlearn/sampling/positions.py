"""Position ids: three coordinates for every token.

    image token   (0, row, column)          reference pictures (Kontext) have 1 in the first place
    text token    (0, 0, 0)                 T5 has already put the order into the features

Source: BFL flux/sampling.py `prepare`.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.sampling.tokens import token_grid


def image_ids(
    batch: int, height: int, width: int, reference: int = 0
) -> Float[Tensor, "batch img axis"]:
    """Coordinates of a picture's tokens, row by row, as float32.

    height, width  of the picture, in pixels.
    reference      0 for the picture that is painted, 1 for Kontext's reference picture.
    """
    h, w = token_grid(height, width)
    ids = torch.zeros(h, w, 3)
    ids[..., 0] = reference
    ids[..., 1] = torch.arange(h)[:, None]
    ids[..., 2] = torch.arange(w)[None, :]
    return ids.reshape(1, h * w, 3).repeat(batch, 1, 1)


def text_ids(batch: int, length: int) -> Float[Tensor, "batch txt axis"]:
    """Coordinates of text tokens: all zero."""
    return torch.zeros(batch, length, 3)
