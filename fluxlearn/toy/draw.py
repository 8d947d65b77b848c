"""From a scene to its picture, with smooth edges.

Each shape is a signed distance d in px, negative inside, for a bounding box of half-width h around
the origin (y runs down):

    (1)  circle     √(x² + y²) − h
    (2)  square     max(|x|, |y|) − h
    (3)  triangle   max(y − h, (2|x| − y − h) / √5)              apex on top
    (4)  cross      min over both bars of max(|x| − a, |y| − b)  (a, b) = (h, h/3) and (h/3, h)

A pixel whose centre is d away from the edge is covered to

    (5)  α = clip(½ − d, 0, 1)

and shows α · colour + (1 − α) · background. A picture takes about a fifth of a millisecond.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from fluxlearn.toy.scene import BACKGROUNDS, CANVAS, COLOURS, Scene, Thing


def distance(shape: str, x: np.ndarray, y: np.ndarray, half_width: float) -> np.ndarray:
    """Signed distance in px to the edge of a shape around the origin, equations (1) to (4)."""
    x, h = np.abs(x), half_width
    if shape == "circle":
        return np.sqrt(x * x + y * y) - h
    if shape == "triangle":
        return np.maximum(y - h, (2 * x - y - h) / 5**0.5)
    y = np.abs(y)
    if shape == "square":
        return np.maximum(x, y) - h
    return np.minimum(np.maximum(x - h, y - h / 3), np.maximum(x - h / 3, y - h))


WHOLE = slice(0, CANVAS)


def coverage(thing: Thing, rows: slice = WHOLE, columns: slice = WHOLE) -> np.ndarray:
    """How far a thing covers each pixel of a window of the picture, equation (5)."""
    # The centre of pixel 0 lies at 0.5.
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + (0.5 - thing.x)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + (0.5 - thing.y)
    return np.clip(0.5 - distance(thing.shape, x, y, thing.half_width), 0, 1)


def rgb(colour: str) -> np.ndarray:
    """The colour of a word as [3] in −1..1."""
    return np.array((COLOURS | BACKGROUNDS)[colour], dtype=np.float32) / 127.5 - 1


def draw(scene: Scene) -> Float[Tensor, "rgb px_h px_w"]:
    """Draw a scene as a float32 picture in −1..1."""
    picture = np.empty((3, CANVAS, CANVAS), dtype=np.float32)
    picture[:] = rgb(scene.background)[:, None, None]
    for thing in scene.things:
        alpha = coverage(thing)
        picture += alpha * (rgb(thing.colour)[:, None, None] - picture)
    return torch.from_numpy(picture)


def masks(scene: Scene) -> Bool[Tensor, "objects px_h px_w"]:
    """One mask per thing, in the scene's order: the pixels it covers by half or more."""
    return torch.from_numpy(np.stack([coverage(thing) >= 0.5 for thing in scene.things]))


def to_pil(picture: Float[Tensor, "rgb px_h px_w"]) -> Image.Image:
    """Turn a picture in −1..1 into an image file's pixels; values outside are clipped."""
    levels = (picture.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return Image.fromarray(levels.round().byte().permute(1, 2, 0).numpy())
