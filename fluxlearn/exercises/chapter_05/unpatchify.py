"""Put tokens back into latents: the inverse of patchify.

    [batch, h · w, channel · 2 · 2]  →  [batch, channel, 2 · h, 2 · w]

height and width are the picture's, in pixels: a token is 16 × 16 of them.
"""

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.tokens import unpatchify


def by_fold(tokens: Tensor, height: int, width: int) -> Tensor:
    """The inverse of unfold."""
    return F.fold(tokens.mT, (height // 8, width // 8), kernel_size=2, stride=2)


def columns_first(tokens: Tensor, height: int, width: int) -> Tensor:
    """Tokens are laid out column by column: (w h) where (h w) is meant."""
    pattern = "batch (w h) (channel ph pw) -> batch channel (h ph) (w pw)"
    return rearrange(tokens, pattern, h=height // 16, w=width // 16, ph=2, pw=2)


def sides_exchanged(tokens: Tensor, height: int, width: int) -> Tensor:
    """Height and width have changed places: the picture is as high as it should be wide."""
    return unpatchify(tokens, width, height)


def channel_fastest(tokens: Tensor, height: int, width: int) -> Tensor:
    """The channel is read as varying fastest: (ph pw channel) where (channel ph pw) is meant."""
    pattern = "batch (h w) (ph pw channel) -> batch channel (h ph) (w pw)"
    return rearrange(tokens, pattern, h=height // 16, w=width // 16, ph=2, pw=2)


def patch_transposed(tokens: Tensor, height: int, width: int) -> Tensor:
    """Each patch is transposed: (channel pw ph) where (channel ph pw) is meant."""
    pattern = "batch (h w) (channel pw ph) -> batch channel (h ph) (w pw)"
    return rearrange(tokens, pattern, h=height // 16, w=width // 16, ph=2, pw=2)


def cells_far_apart(tokens: Tensor, height: int, width: int) -> Tensor:
    """The cells of a token end up half a picture apart: (ph h) where (h ph) is meant."""
    pattern = "batch (h w) (channel ph pw) -> batch channel (ph h) (pw w)"
    return rearrange(tokens, pattern, h=height // 16, w=width // 16, ph=2, pw=2)


def inputs(generator: torch.Generator) -> tuple[Tensor, int, int]:
    """The tokens of a picture that is wider than high."""
    return torch.randn(2, 2 * 3, 3 * 4, generator=generator), 32, 48


def recorded(trained: Trained) -> tuple[Tensor, int, int]:
    """The velocity that the model answers."""
    size = trained.run.options
    return trained.seen["step.v"], size.height, size.width


EXERCISE = Exercise(
    solution=unpatchify,
    other=by_fold,
    mistakes=(columns_first, sides_exchanged, channel_fastest, patch_transposed, cells_far_apart),
    hints=(
        "Read your patchify backwards: what was joined is split, what was split is joined.",
        "The number of tokens alone does not tell a 2 × 3 grid from a 3 × 2 one. Get h and w from "
        "height and width: 16 pixels a token.",
        'einops: "batch (h w) (channel ph pw) -> batch channel (h ph) (w pw)", with h and w given.',
    ),
    returns="[batch, channel, height / 8, width / 8]",
    inputs=inputs,
    recorded=recorded,
    gradients=("tokens",),
)
