"""Two moons: data so small that every step from noise to data can be drawn.

    upper   (cos a, sin a)                a even in [0, π]
    lower   (1 − cos a, ½ − sin a)

A point is a picture of one token with two values, so all that is said of pictures holds for it.

How good a set of points is can be measured: by how far its points must be moved to become the data.
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


def moved(points: Float[Tensor, "batch 2"], others: Float[Tensor, "batch 2"]) -> float:
    """How far points must be moved, on average, to become the others: 0 for the same set.

        minₚ meanᵢ |pointsᵢ − othersₚ₍ᵢ₎|                      over all pairings p

    It rises with points that lie where no data is, and with data that no point comes to. Two draws
    of the moons are not the same set: a thousand points of each are about 0.1 apart.

    Raises ValueError for sets of different sizes, which cannot be paired off.

    Source: the earth mover's, or Wasserstein-1, distance.
    """
    if points.shape != others.shape:
        raise ValueError(
            f"points are {tuple(points.shape)} and others {tuple(others.shape)}, but every point "
            f"needs a partner. Draw as many of each."
        )
    from scipy.optimize import linear_sum_assignment

    # The faster mode would put points at the same place a thousandth apart.
    distances = torch.cdist(points, others, compute_mode="donot_use_mm_for_euclid_dist")
    rows, columns = linear_sum_assignment(distances.numpy())
    return distances[rows, columns].mean().item()
