"""Pictures, and the models that are shown them beside the noise, at the smallest sizes."""

import torch
from PIL import Image
from tiny_models import CONTROL, FILL, FLUX

from fluxlearn.sampling.picture import from_pil

SIZE = {"height": 48, "width": 32}


def photograph(height: int = 48, width: int = 32, seed: int = 0) -> Image.Image:
    """Bytes without rhyme or reason."""
    draw = torch.Generator().manual_seed(seed)
    values = torch.randint(0, 256, (height, width, 3), generator=draw, dtype=torch.uint8)
    return Image.fromarray(values.numpy())


def pixels(height: int = 48, width: int = 32, seed: int = 0) -> torch.Tensor:
    """The same in [−1, 1]."""
    return from_pil(photograph(height, width, seed))


def half_mask(height: int = 48, width: int = 32) -> Image.Image:
    """White, where to paint, in the left half."""
    mask = Image.new("L", (width, height), 0)
    mask.paste(255, (0, 0, width // 2, height))
    return mask


# What each kind of model is shown. For a model of 32 pixels a side, 16 × 48 is a preferred size.
SHOWN = {
    "control": (CONTROL, {"control": photograph()}),
    "fill": (FILL, {"image": photograph(), "mask": half_mask()}),
    "kontext": (FLUX, {"reference": photograph(48, 16), **SIZE}),
}
