"""Fill: what is kept of a picture, and where to paint, beside the noise in every token.

    (1)  kept  = image · (1 − mask)                        grey where it will be painted
    (2)  token = noise 64 ++ kept 64 ++ mask 256           = 384 values

The mask is not encoded: a token lists its 16 × 16 pixels, 1 where to paint and 0 where to keep.
They stand in the order of a latent's values, as if the 8 × 8 pixels of one latent cell were 64
channels. The model paints the whole picture, and nothing but its training makes the kept places
come out as they were.

diffusers makes black and white of a grey mask; here it is refused.

Source: BFL flux/sampling.py `prepare_fill`.
"""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.sampling.inputs.pixels import encode_tokens
from fluxlearn.sampling.picture import from_pil
from fluxlearn.sampling.tokens import PATCH, PIXELS, patchify

CELL = PIXELS // PATCH  # pixels a side of one latent cell
MASK = PIXELS * PIXELS  # values of the mask in one token


def fill_tokens(
    autoencoder: AutoEncoder,
    image: Float[Tensor, "rgb px_h px_w"],
    mask: Float[Tensor, "px_h px_w"],
) -> Float[Tensor, "1 img _"]:
    """What stands beside the noise: tokens of the kept part, then the mask, equation (2).

    image  in [−1, 1].
    mask   1 where to paint, 0 where to keep.
    """
    kept = encode_tokens(autoencoder, image * (1 - mask).to(image))
    return torch.cat([kept, mask_tokens(mask).to(kept)], dim=-1)


def mask_tokens(mask: Float[Tensor, "px_h px_w"]) -> Float[Tensor, "1 img patch"]:
    """The pixels of a mask, token by token."""
    pattern = "(height cell_h) (width cell_w) -> 1 (cell_h cell_w) height width"
    return patchify(rearrange(mask, pattern, cell_h=CELL, cell_w=CELL))


def to_mask(mask: Any) -> Float[Tensor, "px_h px_w"]:
    """A mask of ones and zeros, of a black and white PIL image or a tensor [px_h, px_w].

    White, or 1, is where to paint.

    Raises TypeError for anything else, ValueError for other axes or for values in between.
    """
    if isinstance(mask, Image.Image):
        values = (from_pil(mask.convert("L"))[0] + 1) / 2
    elif isinstance(mask, Tensor):
        values = mask.float()
    else:
        raise TypeError(
            f"mask is {type(mask).__name__}, but a PIL image or a tensor [px_h, px_w] is expected, "
            f"white or 1 where to paint."
        )
    if values.ndim != 2:
        raise ValueError(
            f"mask has shape {tuple(values.shape)}, but one value a pixel [px_h, px_w] is "
            f"expected. Drop its colour or batch axis with mask[0]."
        )
    # Differs from BFL: refuses a grey mask, which BFL shows to the model as it is.
    between = values[(values != 0) & (values != 1)]
    if between.numel():
        raise ValueError(
            f"mask has {between.numel()} values such as {between[0]:.3g}, but only 1 (paint) and 0 "
            f"(keep) are expected. For a grey picture say mask.point(lambda v: 255 * (v > 127))."
        )
    return values
