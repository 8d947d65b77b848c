"""Picture: what painting gives back, with all that is needed to paint it again."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.files import replacing


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """One painted picture, or several of one batch. Shows itself in Jupyter."""

    pixels: Float[Tensor, "batch rgb px_h px_w"]  # in [−1, 1]
    latents: Float[Tensor, "batch channel height width"]  # what was decoded
    times: tuple[float, ...]  # the schedule, from noise to picture
    prompt: str | list[str]  # as it was given
    seed: int

    @property
    def image(self) -> Image.Image | list[Image.Image]:
        """The picture as a PIL image; a list of them when there were several prompts."""
        return self.images[0] if isinstance(self.prompt, str) else self.images

    @property
    def images(self) -> list[Image.Image]:
        """All pictures as PIL images, always a list."""
        return [to_pil(p) for p in self.pixels]

    def save(self, path: str | Path) -> Path:
        """Write the picture (several: side by side) to an image file; the ending tells the format.

        What is at `path` afterwards is whole: the new picture, or what was there before.

        Raises FileNotFoundError when the folder does not exist.
        """
        path = Path(path)
        with replacing(path) as partial:
            self._row().save(partial)
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        buffer = io.BytesIO()
        row = self._row()
        row.save(buffer, format="PNG")
        data = {"image/png": buffer.getvalue(), "text/plain": repr(self)}
        asked = self.prompt if isinstance(self.prompt, str) else " · ".join(self.prompt)
        # Small pictures are shown twice as large: a pixel of the miniature should be seen.
        zoom = 2 if self.pixels.shape[-1] <= 256 else 1
        return data, {"image/png": {"alt": f"Painted for: {asked}", "width": zoom * row.width}}

    def _row(self) -> Image.Image:
        images = self.images
        row = Image.new("RGB", (sum(i.width for i in images), images[0].height))
        left = 0
        for image in images:
            row.paste(image, (left, 0))
            left += image.width
        return row

    def __repr__(self) -> str:
        count, _, height, width = self.pixels.shape
        what = "picture" if count == 1 else "pictures"
        steps = len(self.times) - 1
        return f"<{count} {what} of {width} × {height} px, {steps} steps, seed {self.seed}>"


def to_pil(picture: Float[Tensor, "rgb px_h px_w"]) -> Image.Image:
    """Values in [−1, 1] to bytes: clamp, then round (127.5 · (x + 1)).

    Differs from BFL, which truncates and embeds a watermark.
    """
    # Differs from BFL: rounds where BFL truncates, and embeds no watermark.
    values = (picture.detach().float().clamp(-1, 1) + 1) * 127.5
    bytes_ = values.round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(bytes_)


def from_pil(image: Image.Image) -> Float[Tensor, "rgb px_h px_w"]:
    """Bytes to values in [−1, 1]: x / 127.5 − 1."""
    array = np.asarray(image.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array / 127.5 - 1).permute(2, 0, 1).contiguous()
