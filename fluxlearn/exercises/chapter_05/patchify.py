"""Cut latents into tokens: patches of 2 × 2 cells, read row by row.

    [batch, channel, height, width]  →  [batch, (height / 2) · (width / 2), channel · 2 · 2]

Inside a token the channel varies slowest, then the row inside the patch, then its column.
"""

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.tokens import patchify, unpatchify


def by_unfold(latents: Tensor) -> Tensor:
    """Sliding windows that do not overlap are patches."""
    return F.unfold(latents, kernel_size=2, stride=2).mT


def columns_first(latents: Tensor) -> Tensor:
    """The patches are read column by column: (w h) where (h w) is meant."""
    pattern = "batch channel (h ph) (w pw) -> batch (w h) (channel ph pw)"
    return rearrange(latents, pattern, ph=2, pw=2)


def channel_fastest(latents: Tensor) -> Tensor:
    """Inside a token the channel varies fastest: (ph pw channel) where (channel ph pw) is meant."""
    pattern = "batch channel (h ph) (w pw) -> batch (h w) (ph pw channel)"
    return rearrange(latents, pattern, ph=2, pw=2)


def patch_transposed(latents: Tensor) -> Tensor:
    """Each patch is transposed: (channel pw ph) where (channel ph pw) is meant."""
    pattern = "batch channel (h ph) (w pw) -> batch (h w) (channel pw ph)"
    return rearrange(latents, pattern, ph=2, pw=2)


def cells_far_apart(latents: Tensor) -> Tensor:
    """A token holds cells half a picture apart: (ph h) where (h ph) is meant."""
    pattern = "batch channel (ph h) (pw w) -> batch (h w) (channel ph pw)"
    return rearrange(latents, pattern, ph=2, pw=2)


def only_reshaped(latents: Tensor) -> Tensor:
    """The shape is right, but reshape moves nothing: a token holds a piece of one channel's row."""
    batch, channels, height, width = latents.shape
    return latents.reshape(batch, height * width // 4, channels * 4)


def inputs(generator: torch.Generator) -> tuple[Tensor]:
    """Latents that are wider than high."""
    return (torch.randn(2, 3, 4, 6, generator=generator),)


def recorded(trained: Trained) -> tuple[Tensor]:
    """The latents of the picture on its way."""
    size = trained.run.options
    return (unpatchify(trained.seen["in.img"], size.height, size.width),)


EXERCISE = Exercise(
    solution=patchify,
    other=by_unfold,
    mistakes=(columns_first, channel_fastest, patch_transposed, cells_far_apart, only_reshaped),
    hints=(
        "A reshape cannot bring two rows together. First split axes, then move, then join them.",
        "Split height into (h ph) and width into (w pw), ph = pw = 2. In which order do the "
        "six axes leave?",
        'einops does all three: "batch channel (h ph) (w pw) -> batch (h w) (channel ph pw)".',
    ),
    returns="[batch, img, patch]",
    inputs=inputs,
    recorded=recorded,
    gradients=("latents",),
)
