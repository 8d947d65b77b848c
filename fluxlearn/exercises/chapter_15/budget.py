"""On what does a region of tokens spend its attention?

    budget_rs = mean over tokens i of region r of Σ_j∈s P_ij        P = softmax(q·kᵀ / √d)

`regions` is [batch, seq, region] with 1 where a token belongs. If they hold every token once, each
row of the budget adds up to 1. Heads stay apart.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.trace.attention import columns


def budget(
    q: Float[Tensor, "batch head seq head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    regions: Float[Tensor, "batch seq region"],
) -> Float[Tensor, "batch head region region"]:
    """What every token gives to each region, then the mean over each region's own tokens."""
    gives = columns.region_mass(q, k, regions)
    return regions.mT[:, None] @ gives / regions.sum(dim=1)[:, None, :, None]


def by_softmax(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """Eᵀ·P·E with P as a matrix."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    members = regions / regions.sum(dim=1, keepdim=True)
    return torch.einsum("bir,bhij,bjs->bhrs", members, p, regions)


def transposed(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """Rows and columns are exchanged: a row is who looks, a column who is looked at."""
    return budget(q, k, regions).mT


def not_divided(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """The tokens of a region are added up: divide by how many look, so that a row adds up to 1."""
    return budget(q, k, regions) * regions.sum(dim=1)[:, None, :, None]


def by_the_other(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """Divided by the size of the region that is looked at: it is the mean over those who look."""
    sums = not_divided(q, k, regions)
    return sums / regions.sum(dim=1)[:, None, None, :]


def by_all(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """Divided by the number of all tokens: only those of the region are looking."""
    return not_divided(q, k, regions) / regions.shape[1]


def even(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """This is what even attention would give, the size of each region: q and k play no part."""
    share = regions.sum(dim=1) / regions.shape[1]
    return share[:, None, None, :].expand(-1, q.shape[1], regions.shape[2], -1)


def heads_averaged(q: Tensor, k: Tensor, regions: Tensor) -> Tensor:
    """The heads are averaged: keep them apart here."""
    return budget(q, k, regions).mean(dim=1)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Three regions of two, three and four tokens."""
    q, k = 2 * torch.randn(2, 2, 4, 9, 8, generator=generator)
    region = torch.tensor([0, 0, 1, 1, 1, 2, 2, 2, 2])
    return q, k, torch.eye(3)[region].expand(2, -1, -1).clone()


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """Text and picture in the first block."""
    q, k = (trained.seen[f"double.0.attn.{name}"] for name in ("q", "k"))
    is_image = torch.arange(q.shape[2]) >= trained.seen["in.txt"].shape[1]
    return q, k, torch.eye(2)[is_image.long()][None]


EXERCISE = Exercise(
    solution=budget,
    other=by_softmax,
    mistakes=(transposed, not_divided, by_the_other, by_all, even, heads_averaged),
    hints=(
        "Your region_mass says what each token gives. Whose mean is still to be taken?",
        "regions.mT adds up the rows of each region's tokens; then divide by how many they are.",
        "regions.mT[:, None] @ region_mass(q, k, regions) / regions.sum(dim=1)[:, None, :, None]",
    ),
    returns="[batch, head, region, region]",
    inputs=inputs,
    recorded=recorded,
)
