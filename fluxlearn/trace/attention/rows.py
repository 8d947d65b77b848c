"""Whole rows of attention, some queries at a time.

    (1)  s   = q·kᵀ / √d + mask         one query, all keys
    (2)  lse = log Σⱼ exp(sⱼ)           one number a row
    (3)  pⱼ  = exp(sⱼ − lse)            given lse, any entry is one dot product away
    (4)  H   = −Σⱼ pⱼ log pⱼ            entropy: 0 for one key, log(seq) for all keys alike

A row needs its own query and all keys, but no other row. So the matrix is made a few rows at a
time, and each is reduced to what was asked for before the next are made. This is exact, and costs
the first half of an attention, in float32.

q and k are the values of the points `attn.q` and `attn.k`: normalised and rotated, text first, not
yet scaled. The scale 1/√d belongs to (1).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fluxlearn.trace.sizes import refuse_above

CHUNK_BYTES = 2**24  # of the rows that exist at a time


class TopK(NamedTuple):
    """The keys that a query looks at most, from the most."""

    probabilities: Float[Tensor, "batch head query _"]
    tokens: Int[Tensor, "batch head query _"]


def entropy(
    q: Float[Tensor, "batch head query head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch head query"]:
    """How widely each query looks, in nats, equation (4); exp(H) is a number of keys."""
    return _reduced(softmax_rows(q, k, mask), lambda p: torch.special.entr(p).sum(dim=-1))


def top_k(
    q: Float[Tensor, "batch head query head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    n: int,
    mask: Tensor | None = None,
) -> TopK:
    """The n keys that each query looks at most.

    Raises ValueError when there are not as many keys.
    """
    if not 1 <= n <= k.shape[2]:
        raise ValueError(f"n is {n}, but a query has {k.shape[2]} keys to choose from.")
    best = [p.topk(n, dim=-1) for p in softmax_rows(q, k, mask)]
    return TopK(*(torch.cat(part, dim=2) for part in zip(*best, strict=True)))


def log_sum_exp(
    q: Float[Tensor, "batch head query head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch head query"]:
    """The logarithm of each row's denominator, equation (2)."""
    return _reduced(score_rows(q, k, mask), lambda scores: scores.logsumexp(dim=-1))


def one_head(
    q: Float[Tensor, "batch head query head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    head: int,
    mask: Tensor | None = None,
    max_bytes: int = 1_000_000_000,
) -> Float[Tensor, "batch query seq"]:
    """The whole matrix of a single head.

    Raises IndexError when there is no such head, TooLargeError above max_bytes.
    """
    batch, heads, queries, keys = *q.shape[:3], k.shape[2]
    if not 0 <= head < heads:
        raise IndexError(f"head is {head}, but there are {heads} heads, counted from 0.")
    what, needed = f"one head of {queries} queries and {keys} keys", 4 * batch * queries * keys
    refuse_above(max_bytes, what, needed, "Ask for columns, regions or top_k.")
    only = slice(head, head + 1)
    part = None if mask is None else as_wide(mask, q, k)[:, only]
    return _reduced(softmax_rows(q[:, only], k[:, only], part), lambda p: p)[:, 0]


def softmax_rows(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Iterator[Tensor]:
    """Rows of P [batch, head, some queries, seq] from the first to the last, equation (3)."""
    for scores in score_rows(q, k, mask):
        p = scores.softmax(dim=-1)
        # A query that may look at nothing gives zeros, as the attention kernel does, not NaN.
        yield p if mask is None else p.masked_fill(scores.isneginf().all(-1, keepdim=True), 0)


def score_rows(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Iterator[Tensor]:
    """Rows of S [batch, head, some queries, seq] from the first to the last, equation (1)."""
    check_heads(q, k)
    scale = q.shape[-1] ** -0.5
    keys = k.float().transpose(-1, -2)
    wide = None if mask is None else as_wide(mask, q, k)
    rows = max(1, CHUNK_BYTES // (4 * q.shape[0] * q.shape[1] * k.shape[2]))
    for start in range(0, q.shape[2], rows):
        scores = (q[:, :, start : start + rows].float() * scale) @ keys
        yield scores if wide is None else scores + wide[:, :, start : start + rows]


def check_heads(q: Tensor, k: Tensor) -> None:
    """Refuse queries and keys that do not belong to the same attention."""
    fits = q.ndim == k.ndim == 4 and q.shape[:2] == k.shape[:2] and q.shape[3] == k.shape[3]
    if not fits:
        raise ValueError(
            f"q has shape {tuple(q.shape)} and k {tuple(k.shape)}, but both need [batch, head, "
            f"tokens, head_dim] and may differ in tokens only. Take them at attn.q and attn.k."
        )


def as_wide(mask: Tensor, q: Tensor, k: Tensor) -> Float[Tensor, "batch head query seq"]:
    """A mask as a float view over the whole matrix; nothing is copied along its new axes.

    mask  added to the scores; if it is boolean, false hides a key.

    Raises ValueError when it does not fit.
    """
    if mask.dtype == torch.bool:
        mask = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, float("-inf"))
    whole = (*q.shape[:3], k.shape[2])
    try:
        return mask.float().expand(whole)
    except RuntimeError:
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)}, but scores are {whole} [batch, head, query, "
            f"key]. Give it these sizes, or 1 where it is the same for all."
        ) from None


def _reduced(rows: Iterator[Tensor], keep: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.cat([keep(part) for part in rows], dim=2)
