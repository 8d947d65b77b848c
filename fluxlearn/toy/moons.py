"""Two moons: data so small that every step from noise to data can be drawn.

    upper   (cos a, sin a)                a even in [0, π]
    lower   (1 − cos a, ½ − sin a)

A point is a picture of one token with two values, so all that is said of pictures holds for it.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

CENTRE = (0.5, 0.25)  # of both half circles together
SIZE = math.sqrt(2)  # makes their spread 1, like that of the noise
WIDTH = 0.08  # of the moons, before they are enlarged


def draw_moons(count: int, generator: torch.Generator) -> Float[Tensor, "batch 1 2"]:
    """Points of two interleaved half circles, with mean 0 and spread 1.

    Raises ValueError for anything but a positive whole number of points.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"count is {count!r}, but a whole number of at least 1 is expected.")
    angle = math.pi * torch.rand(count, generator=generator)
    lower = torch.rand(count, generator=generator) < 0.5
    x = torch.where(lower, 1 - angle.cos(), angle.cos())
    y = torch.where(lower, 0.5 - angle.sin(), angle.sin())
    points = torch.stack([x, y], dim=-1) + WIDTH * torch.randn(count, 2, generator=generator)
    return SIZE * (points - torch.tensor(CENTRE))[:, None]
