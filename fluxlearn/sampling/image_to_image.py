"""Image to image: start part-way along the path, from a picture mixed with noise.

    skip = ⌊(1 − strength) · steps⌋          x = (1 − t_skip) · x₀ + t_skip · ε

At strength 1 nothing of the picture is left; near 0 nearly all of it.

Source: BFL demo_st.py; SDEdit, arXiv:2108.01073.
"""

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.flow import interpolate
from fluxlearn.sampling.picture import from_pil


def start_part_way(
    noise: Float[Tensor, "batch channel height width"],
    start: Float[Tensor, "batch channel height width"],
    times: list[float],
    strength: float,
) -> tuple[Float[Tensor, "batch channel height width"], list[float]]:
    """The latent to start from and the times that are left.

    strength  in (0, 1]; 1 paints anew.

    Raises ValueError when strength is out of range or so small that no step is left.
    """
    if not 0 < strength <= 1:
        raise ValueError(
            f"strength is {strength}, but a number in (0, 1] is expected: near 0 keeps the start "
            f"image, 1 paints anew."
        )
    steps = len(times) - 1
    skip = int((1 - strength) * steps)
    return interpolate(start, noise, times[skip]), times[skip:]


def encode_start(
    autoencoder: AutoEncoder, image: Image.Image | Tensor, height: int, width: int
) -> Float[Tensor, "1 channel height width"]:
    """The latent of a start image, which must have the size of the picture.

    image  a PIL image, or a tensor [rgb, height, width] in [−1, 1].

    Raises ValueError when the sizes differ.
    """
    pixels = from_pil(image) if isinstance(image, Image.Image) else torch.as_tensor(image)
    if tuple(pixels.shape) != (3, height, width):
        raise ValueError(
            f"start_image has shape {tuple(pixels.shape)} [rgb, height, width], but the picture is "
            f"{(3, height, width)}. Resize it, or pass its height= and width=."
        )
    weight = autoencoder.encoder.conv_in.weight
    return autoencoder.encode(pixels[None].to(weight.device, weight.dtype))
