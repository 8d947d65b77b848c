"""Kontext: a reference picture as more tokens, behind those of the picture that is painted.

    (1)  img     = noisy tokens ++ clean tokens of the reference
    (2)  img_ids = (0, row, column) ++ (1, row, column)
    (3)  v       = model(img, …) of the noisy tokens only

The two pictures meet in attention, and their first coordinate tells them apart. At each step the
reference is there again as clean as at first; what the model says about it is dropped. The
schedule is shifted for the noisy tokens alone.

    text 512 ++ picture 4096 ++ reference 4096         attention costs 3.6 times as much

Kontext was trained with pictures of 17 sizes of about one megapixel, so a reference is resized to
the one nearest in shape, and the picture is painted in that size unless another is asked for.
diffusers scales the picture itself to one megapixel as well, whatever size is asked for.

Any model takes such tokens. One that was not trained to does not know what to make of them.

Source: BFL flux/sampling.py `prepare_kontext`; FLUX.1 Kontext, arXiv:2506.15742.
"""

from typing import NamedTuple

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.sampling.inputs.pixels import encode_tokens
from fluxlearn.sampling.picture import from_pil, to_pil
from fluxlearn.sampling.positions import image_ids
from fluxlearn.sampling.tokens import PIXELS

# fmt: off
PREFERRED = (
    (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184),
    (944, 1104), (1024, 1024), (1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752),
    (1456, 720), (1504, 688), (1568, 672),
)
"""Width and height of the pictures that Kontext was trained with."""
# fmt: on


class Reference(NamedTuple):
    """The tokens of a reference picture, and where they stand."""

    tokens: Float[Tensor, "_ img patch"]
    ids: Float[Tensor, "_ img axis"]  # (1, row, column)


def encode_reference(
    autoencoder: AutoEncoder, reference: Float[Tensor, "rgb px_h px_w"]
) -> Reference:
    """What stands behind the noise: clean tokens of the reference, equations (1) and (2).

    reference  in [−1, 1], of any size that is a multiple of 16.
    """
    _, height, width = reference.shape
    return Reference(encode_tokens(autoencoder, reference), image_ids(1, height, width, 1))


def preferred_size(height: int, width: int, size: int = 1024) -> tuple[int, int]:
    """Height and width of the preferred size that is nearest in shape, in pixels.

    size  pixels a side of the model's pictures; the sizes of another than 1024 are FLUX.1's, scaled
          and rounded to multiples of 16.
    """
    # Differs from BFL: scales the table to the model, so that a miniature has preferred sizes too.
    _, *best = min((abs(width / height - w / h), w, h) for w, h in PREFERRED)
    w, h = (max(PIXELS, round(side * size / 1024 / PIXELS) * PIXELS) for side in best)
    return h, w


def resize_reference(
    reference: Float[Tensor, "rgb _ _"], size: int = 1024
) -> Float[Tensor, "rgb px_h px_w"]:
    """The reference in its preferred size; one that has it already stays as it is.

    size  of the model's pictures, as for `preferred_size`.
    """
    height, width = preferred_size(reference.shape[1], reference.shape[2], size)
    if reference.shape[1:] == (height, width):
        return reference
    resized = to_pil(reference).resize((width, height), Image.Resampling.LANCZOS)
    return from_pil(resized)
