"""Attention by hand: what `scaled_dot_product_attention` computes when nothing is masked.

    softmax(q · kᵀ / √head_dim) · v

q, k and v are [batch, head, seq, head_dim].
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def softmax_attention(
    q: Float[Tensor, "batch head seq head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    v: Float[Tensor, "batch head seq head_dim"],
) -> Float[Tensor, "batch head seq head_dim"]:
    """Scores, shares that add up to 1, and a mean of the values with these shares."""
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return scores.softmax(dim=-1) @ v


def by_torch(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """PyTorch's own, which never holds the scores all at once."""
    return F.scaled_dot_product_attention(q, k, v)


def not_scaled(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The scores are not divided by √head_dim: the shares are too sharp."""
    return (q @ k.mT).softmax(dim=-1) @ v


def root_missing(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The scores are divided by head_dim, not by its root: the shares are too even."""
    return (q @ k.mT / q.shape[-1]).softmax(dim=-1) @ v


def scaled_by_width(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The root is that of all heads' channels: a score is a sum over one head's."""
    return (q @ k.mT / (q.shape[1] * q.shape[-1]) ** 0.5).softmax(dim=-1) @ v


def over_queries(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The softmax is over the queries: a query's shares are over the keys, the last axis."""
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-2) @ v


def over_heads(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The softmax is over the heads: each head has attention of its own."""
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=1) @ v


def looks_back_only(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Tokens look at earlier ones only, as in a language model: FLUX masks nothing."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def keys_gathered(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Keys and values have changed places: scores come from keys, what is gathered from values."""
    return softmax_attention(q, v, k)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Three heads of five tokens."""
    q, k, v = torch.randn(3, 2, 3, 5, 8, generator=generator)
    return q, k, v


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """Both streams in the first block, queries and keys normalised and turned."""
    q, k, v = (trained.seen[f"double.0.attn.{name}"] for name in "qkv")
    return q, k, v


EXERCISE = Exercise(
    solution=softmax_attention,
    other=by_torch,
    mistakes=(
        not_scaled,
        root_missing,
        scaled_by_width,
        over_queries,
        over_heads,
        looks_back_only,
        keys_gathered,
    ),
    hints=(
        "Three lines: scores, shares, and the shares times the values.",
        "q @ k.mT has all scores, [batch, head, seq, seq]: rows look, columns are looked at.",
        "(q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1) @ v",
    ),
    returns="[batch, head, seq, head_dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("q", "k", "v"),
)
