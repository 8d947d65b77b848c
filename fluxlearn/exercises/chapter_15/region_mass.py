"""The same for whole groups of tokens, without ever holding the matrix P.

    z    = P·v        what the attention kernel computes
    mass = P·E        the same call, with E where the values stand

`regions` is E, [batch, seq, region]: 1 where a token belongs to a region, 0 elsewhere. Every token
looks, text included. `torch.nn.functional.scaled_dot_product_attention` is the kernel.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def region_mass(
    q: Float[Tensor, "batch head seq head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    regions: Float[Tensor, "batch seq region"],
) -> Float[Tensor, "batch head seq region"]:
    """One call; `fluxlearn.trace.attention.columns` pads E so that torch takes its lean kernel."""
    heads = q.shape[1]
    return scaled_dot_product_attention(q, k, regions[:, None].expand(-1, heads, -1, -1))


def by_softmax(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """P as a matrix: right, but it holds seq × seq numbers a head."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    return p @ regions[:, None]


def scores_summed(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """The scores of a region are added before the softmax: it is probabilities that add up."""
    return (q @ k.mT / q.shape[-1] ** 0.5 @ regions[:, None]).softmax(dim=-1)


def averaged(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """The mass is divided by the size of the region: it is a sum over its tokens."""
    return region_mass(q, k, regions) / regions.sum(dim=1)[:, None, None]


def made_whole(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """The masses are made to add up to 1: what goes to tokens of no region is hidden by that."""
    mass = region_mass(q, k, regions)
    return mass / mass.sum(dim=-1, keepdim=True)


def scaled_twice(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """The scores are divided by √d twice: scaled_dot_product_attention does it itself."""
    return region_mass(q / q.shape[-1] ** 0.5, k, regions)


def largest(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """Only the strongest token of a region counts: add up all of them."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    return (p[..., None] * regions[:, None, None]).amax(dim=-2)


def exchanged(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """Queries and keys have changed places: this is what the keys would ask of the queries."""
    return region_mass(k, q, regions)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Two regions of three and two tokens, and four tokens that belong to neither."""
    q, k = 2 * torch.randn(2, 2, 3, 9, 8, generator=generator)
    regions = torch.zeros(2, 9, 2)
    regions[:, :3, 0] = regions[:, 5:7, 1] = 1
    return q, k, regions


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """The first block, with text and picture as the two regions."""
    q, k = (trained.seen[f"double.0.attn.{name}"] for name in ("q", "k"))
    txt = trained.seen["in.txt"].shape[1]
    is_text = (torch.arange(q.shape[2]) < txt).float()
    return q, k, torch.stack([is_text, 1 - is_text], dim=-1)[None]


EXERCISE = Exercise(
    solution=region_mass,
    other=by_softmax,
    mistakes=(scores_summed, averaged, made_whole, scaled_twice, largest, exchanged),
    hints=(
        "Attention is a weighted sum of values. Which values make that sum the mass?",
        "Let a token's value be its row of E: 1 for its region, 0 for the others.",
        "scaled_dot_product_attention(q, k, regions[:, None].expand(-1, q.shape[1], -1, -1))",
    ),
    returns="[batch, head, seq, region]",
    inputs=inputs,
    recorded=recorded,
)
