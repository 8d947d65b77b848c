"""Attention in which some tokens no longer see some others.

    S_ij ← −∞        for every query i and every key j of the two lists, before the softmax

Everything else is attention as it is: softmax(q·kᵀ / √d) · v. The rest of each row grows to 1
again, so what is lost is the path, not the amount of attention.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def knock_out(
    q: Float[Tensor, "batch head seq head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    v: Float[Tensor, "batch head seq head_dim"],
    queries: list[int],
    keys: list[int],
) -> Float[Tensor, "batch head seq head_dim"]:
    """The kernel adds the mask to the scores."""
    mask = torch.zeros(q.shape[2], k.shape[2])
    mask[torch.tensor(queries)[:, None], keys] = float("-inf")
    return scaled_dot_product_attention(q, k, v, attn_mask=mask)


def by_softmax(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """The same with the scores in sight."""
    looks = torch.isin(torch.arange(q.shape[2]), torch.tensor(queries))
    seen = torch.isin(torch.arange(k.shape[2]), torch.tensor(keys))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return scores.masked_fill(looks[:, None] & seen, float("-inf")).softmax(dim=-1) @ v


def after_softmax(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """Probabilities are set to 0 after the softmax: rows lose attention, where it should move."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    p[:, :, torch.tensor(queries)[:, None], keys] = 0
    return p @ v


def score_zero(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """Scores are set to 0, which is a score like any other: exp(0) is 1. Set them to −∞."""
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores[:, :, torch.tensor(queries)[:, None], keys] = 0
    return scores.softmax(dim=-1) @ v


def exchanged(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """Queries and keys have changed places: rows are those who look."""
    return knock_out(q, k, v, keys, queries)


def from_everybody(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """The keys are hidden from everybody: only the named queries are to lose them."""
    return knock_out(q, k, v, list(range(q.shape[2])), keys)


def blinded(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """The values of the keys are set to 0: all queries lose them, and the rest does not grow."""
    return scaled_dot_product_attention(q, k, v.index_fill(2, torch.tensor(keys), 0))


def in_pairs(q: Tensor, k: Tensor, v: Tensor, queries: list[int], keys: list[int]) -> Tensor:
    """The first query loses the first key only, and so on: index with a column of queries."""
    mask = torch.zeros(q.shape[2], k.shape[2])
    pairs = min(len(queries), len(keys))
    mask[queries[:pairs], keys[:pairs]] = float("-inf")
    return scaled_dot_product_attention(q, k, v, attn_mask=mask)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, list[int], list[int]]:
    """Three queries that lose three keys of nine."""
    q, k, v = torch.randn(3, 2, 3, 9, 8, generator=generator)
    return q, k, v, [4, 5, 7], [1, 2, 3]


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, list[int], list[int]]:
    """The picture in the first block no longer sees "red"."""
    q, k, v = (trained.seen[f"double.0.attn.{name}"] for name in ("q", "k", "v"))
    return q, k, v, list(range(trained.seen["in.txt"].shape[1], q.shape[2])), [2]


EXERCISE = Exercise(
    solution=knock_out,
    other=by_softmax,
    mistakes=(after_softmax, score_zero, exchanged, from_everybody, blinded, in_pairs),
    hints=(
        "Which score makes exp(score) zero?",
        "Make a mask [seq, seq] of zeros with −∞ where query and key are both named, and add it.",
        'mask[torch.tensor(queries)[:, None], keys] = float("-inf"), then '
        "scaled_dot_product_attention(q, k, v, attn_mask=mask).",
    ),
    returns="[batch, head, seq, head_dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("q", "k", "v"),
)
