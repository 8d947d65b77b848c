"""How well a map finds a mask: three measures, each with what a map that knows nothing reaches.

    (1)  pointing   the map is largest at a cell of the mask                      a
    (2)  overlap    |mask ∩ marked| / |mask ∪ marked|                              a, at most
    (3)  auc        probability that a cell inside ranks above one outside         ½

a is the mask's share of the picture. Marked are the cells where a map is above a share τ of the
way from its least value to its largest. A share s of the picture, marked at random, overlaps by
a·s / (a + s − a·s), which grows with s and is a when all is marked.

A map has one value for a token, 16 px a side, and a small thing is 28 px across. Both meet at cells
of 4 px. Maps are refined by bicubic interpolation as in DAAM, whose surface can be highest between
tokens, where a thing lies that covers the corners of four. A mask has the cells whose middle lies
in it. What is lost even so is measured with the best map of tokens there can be: the mask itself,
averaged over each token. There is no tolerance around a mask, as the pointing game's own has.

Source: pointing game, arXiv:1608.00507; overlap and interpolation as in DAAM, arXiv:2210.04885.
"""

import torch
from jaxtyping import Bool, Float
from scipy.stats import rankdata
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from fluxlearn.sampling.tokens import PIXELS

CELL = 4  # px a side


def refine(maps: Float[Tensor, "_ h w"]) -> Float[Tensor, "_ _ _"]:
    """Bring maps of tokens to cells, by bicubic interpolation."""
    return interpolate(maps[:, None].float(), scale_factor=PIXELS // CELL, mode="bicubic")[:, 0]


def coarsen(masks: Bool[Tensor, "_ px_h px_w"]) -> Bool[Tensor, "_ _ _"]:
    """Bring masks of pixels to cells: those whose middle lies inside."""
    return masks[:, CELL // 2 :: CELL, CELL // 2 :: CELL]


def to_tokens(masks: Bool[Tensor, "_ px_h px_w"]) -> Float[Tensor, "_ h w"]:
    """How much of each token a mask covers: the map that knows everything."""
    return avg_pool2d(masks[:, None].float(), PIXELS)[:, 0]


def pointing(
    maps: Float[Tensor, "_ px_h px_w"], masks: Bool[Tensor, "_ px_h px_w"]
) -> Bool[Tensor, " _"]:
    """Whether each map is largest inside its mask, measure (1)."""
    highest = maps.flatten(1).argmax(dim=1, keepdim=True)
    return masks.flatten(1).gather(1, highest)[:, 0]


def overlap(
    maps: Float[Tensor, "_ px_h px_w"], masks: Bool[Tensor, "_ px_h px_w"], threshold: float
) -> Float[Tensor, " _"]:
    """Intersection over union of each mask and what its map marks, measure (2).

    threshold  τ, in 0..1.

    Raises ValueError for a threshold outside.
    """
    if not 0 <= threshold < 1:
        raise ValueError(
            f"threshold is {threshold}, but a share in [0, 1) is expected of the way from a map's "
            f"least value to its largest. DAAM takes 0.4."
        )
    low, high = (edge(dim=(1, 2), keepdim=True) for edge in (maps.amin, maps.amax))
    marked = maps > low + threshold * (high - low)
    either = (marked | masks).sum(dim=(1, 2))
    return (marked & masks).sum(dim=(1, 2)) / either.clamp(min=1)


def auc(
    maps: Float[Tensor, "_ px_h px_w"], masks: Bool[Tensor, "_ px_h px_w"]
) -> Float[Tensor, " _"]:
    """How often a cell inside ranks above one outside, measure (3); ties count a half.

    (Σ ranks inside − n(n + 1)/2) / (n · m)        n cells inside, m outside
    """
    ranks = torch.from_numpy(rankdata(maps.flatten(1).numpy(), axis=1))
    inside = masks.flatten(1)
    n = inside.sum(dim=1).double()
    above = (ranks * inside).sum(dim=1) - n * (n + 1) / 2
    return (above / (n * (inside.shape[1] - n))).float()
