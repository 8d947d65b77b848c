"""Latents ↔ tokens: a token is a patch of 2 × 2 latent cells, so 16 × 16 pixels.

    [batch, channel 16, height, width]  ↔  [batch, (height / 2) · (width / 2), 16 · 2 · 2]

Source: BFL flux/sampling.py `prepare`, `unpack`, `get_noise`.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

PATCH = 2  # latent cells a side
PIXELS = 16  # picture pixels a side of one token: 8 for the autoencoder, 2 for the patch


def patchify(
    latents: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, "batch img patch"]:
    """Cut latents into 2 × 2 patches, row by row; the channel varies slowest inside a token.

    Raises ValueError when a side is odd or the batch axis is missing.
    """
    if latents.ndim != 4:
        raise ValueError(
            f"latents have {latents.ndim} axes {tuple(latents.shape)} but [batch, channel, "
            f"height, width] is expected. Add a batch axis with latents[None]."
        )
    if latents.shape[2] % PATCH or latents.shape[3] % PATCH:
        raise ValueError(
            f"latents are {latents.shape[2]} × {latents.shape[3]}, but both sides must be even "
            f"to be cut into 2 × 2 patches. Use picture sides divisible by {PIXELS}."
        )
    pattern = "batch channel (h ph) (w pw) -> batch (h w) (channel ph pw)"
    return rearrange(latents, pattern, ph=PATCH, pw=PATCH)


def unpatchify(
    tokens: Float[Tensor, "batch img patch"], height: int, width: int
) -> Float[Tensor, "batch channel height width"]:
    """Put tokens back into latents; the inverse of `patchify`.

    height, width  of the picture, in pixels.

    Raises ValueError when the number of tokens is not that of a picture of this size.
    """
    h, w = token_grid(height, width)
    if tokens.ndim != 3 or tokens.shape[1] != h * w:
        raise ValueError(
            f"tokens have shape {tuple(tokens.shape)}, but a picture of {width} × {height} pixels "
            f"has {h} · {w} = {h * w} tokens [batch, {h * w}, patch]. Are height and width right?"
        )
    pattern = "batch (h w) (channel ph pw) -> batch channel (h ph) (w pw)"
    return rearrange(tokens, pattern, h=h, w=w, ph=PATCH, pw=PATCH)


def token_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of tokens in a picture of this size in pixels.

    Raises ValueError for sizes that are not positive multiples of 16.
    """
    # Differs from BFL: refuses a size of half a token, which BFL rounds without a word.
    for name, size in {"height": height, "width": width}.items():
        if not isinstance(size, int) or size <= 0 or size % PIXELS:
            near = max(PIXELS, round(size / PIXELS) * PIXELS) if size == size else PIXELS
            raise ValueError(
                f"{name} is {size!r} pixels, but a positive multiple of {PIXELS} is expected: "
                f"8 for the autoencoder times 2 for the patch. {near} is near."
            )
    return height // PIXELS, width // PIXELS


def draw_noise(
    batch: int, channels: int, height: int, width: int, generator: torch.Generator
) -> Float[Tensor, "batch channel height width"]:
    """Latent noise for pictures of this size, ε ~ N(0, 1), float32.

    Drawn in bf16 on the CPU, as BFL does, so that a seed gives the same noise on every device.
    Source: BFL flux/sampling.py `get_noise`.
    """
    h, w = token_grid(height, width)
    shape = (batch, channels, PATCH * h, PATCH * w)
    return torch.randn(shape, generator=generator, dtype=torch.bfloat16).float()
