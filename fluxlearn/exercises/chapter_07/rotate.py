"""Turn queries or keys: each pair of neighbouring channels by the rotation of its token.

    ⎡ x′₂ₖ   ⎤   ⎡ cos  −sin ⎤ ⎡ x₂ₖ   ⎤
    ⎣ x′₂ₖ₊₁ ⎦ = ⎣ sin   cos ⎦ ⎣ x₂ₖ₊₁ ⎦

x is [batch, head, seq, head_dim], rotations [batch, 1, seq, pair, 2, 2].
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.rope import rope, rotate


def by_matrices(x: Tensor, rotations: Tensor) -> Tensor:
    """Each pair as a column vector, and one matrix product for all of them."""
    pairs = x.unflatten(-1, (-1, 2))
    return (rotations @ pairs[..., None]).squeeze(-1).flatten(-2)


def halves(x: Tensor, rotations: Tensor) -> Tensor:
    """Channel k is paired with k + half, as in Llama: FLUX pairs neighbours, 2k and 2k + 1."""
    neighbours = x.unflatten(-1, (2, -1)).mT.flatten(-2)
    return rotate(neighbours, rotations).unflatten(-1, (-1, 2)).mT.flatten(-2)


def backwards(x: Tensor, rotations: Tensor) -> Tensor:
    """The pairs turn backwards: the matrices are used transposed."""
    return by_matrices(x, rotations.mT)


def cosines_only(x: Tensor, rotations: Tensor) -> Tensor:
    """Each channel is only multiplied by its cosine: the sine brings in its neighbour."""
    return (x.unflatten(-1, (-1, 2)) * rotations[..., :1, 0]).flatten(-2)


def not_interleaved(x: Tensor, rotations: Tensor) -> Tensor:
    """The turned channels come back sorted: first all of the first ones, then all of the second."""
    return rotate(x, rotations).unflatten(-1, (-1, 2)).mT.flatten(-2)


def twice(x: Tensor, rotations: Tensor) -> Tensor:
    """The pairs are turned twice: by the double angle."""
    return rotate(rotate(x, rotations), rotations)


def added(x: Tensor, rotations: Tensor) -> Tensor:
    """The rotation is added to x: it replaces x, and only then keeps its length."""
    return x + rotate(x, rotations)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Queries of three heads, and rotations for five positions."""
    positions = torch.randint(1, 40, (2, 5), generator=generator).float()
    return torch.randn(2, 3, 5, 16, generator=generator), rope(positions, 16, 10_000)[:, None]


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The first block's queries before they are turned; text first."""
    streams = [trained.seen[f"double.0.{stream}.q"] for stream in ("txt", "img")]
    return torch.cat(streams, dim=2), trained.seen["pe"]


EXERCISE = Exercise(
    solution=rotate,
    other=by_matrices,
    mistakes=(halves, backwards, cosines_only, not_interleaved, twice, added),
    hints=(
        "Give the pairs an axis of their own: x.unflatten(-1, (-1, 2)) is [..., pair, 2].",
        "cos is rotations[..., 0, 0] and sin is rotations[..., 1, 0]; write out both rows of the "
        "product.",
        "torch.stack([cos * first - sin * second, sin * first + cos * second], dim=-1).flatten(-2)",
    ),
    returns="[batch, head, seq, head_dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x",),
)
