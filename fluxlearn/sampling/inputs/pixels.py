"""A picture from a caller: checked, as pixels in [−1, 1], and as clean tokens."""

from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.sampling.picture import from_pil
from fluxlearn.sampling.tokens import patchify


def to_pixels(name: str, picture: Any) -> Float[Tensor, "rgb px_h px_w"]:
    """The pixels of a PIL image, or of a tensor [rgb, px_h, px_w] in [−1, 1].

    name  what the caller calls it, for messages.

    Raises TypeError for anything else, ValueError for other axes or values out of range.
    """
    if isinstance(picture, Image.Image):
        return from_pil(picture)
    if not isinstance(picture, Tensor) or not picture.is_floating_point():
        kind = getattr(picture, "dtype", type(picture).__name__)
        raise TypeError(
            f"{name} is a picture as {kind}, but a PIL image or a floating-point tensor is "
            f"expected. Image.open(path) reads a file, Image.fromarray(array) takes bytes."
        )
    if picture.ndim != 3 or len(picture) != 3:
        raise ValueError(
            f"{name} has shape {tuple(picture.shape)}, but one picture [rgb, px_h, px_w] is "
            f"expected. Does the colour axis come first, and is there no batch axis?"
        )
    # Written so that NaN is refused too.
    if not picture.abs().max() <= 1:
        raise ValueError(
            f"{name} holds values from {picture.min():.4g} to {picture.max():.4g}, but pixels are "
            f"in [−1, 1]. Bytes become such values by x / 127.5 − 1."
        )
    return picture.float()


@torch.no_grad()
def encode_tokens(
    autoencoder: AutoEncoder, pixels: Float[Tensor, "rgb px_h px_w"]
) -> Float[Tensor, "1 img patch"]:
    """The tokens of a clean picture: its latent, cut into patches like the noise.

    The latent is the mean of what the encoder offers, as in BFL; diffusers draws a sample of it for
    control and fill, and takes the mean for Kontext.
    """
    weight = autoencoder.encoder.conv_in.weight
    return patchify(autoencoder.encode(pixels[None].to(weight.device, weight.dtype)))
