"""How much of its attention does each place of the picture give to a word?

    map_i = Σ_j P_ij        P = softmax(q·kᵀ / √d), i a place of the picture, j the word's tokens

The joint sequence is text first, then the picture: `txt` says how many tokens are text. A word may
have several tokens. Heads stay apart.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.trace.attention.columns import columns


def word_map(
    q: Float[Tensor, "batch head seq head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    tokens: list[int],
    txt: int,
) -> Float[Tensor, "batch head img"]:
    """Only the picture asks; `columns` never holds the whole of P."""
    return columns(q[:, :, txt:], k, tokens).sum(dim=-1)


def by_softmax(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """The whole matrix, then a piece of it."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    return p[:, :, txt:, tokens].sum(dim=-1)


def text_alone(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """The softmax runs over the text alone, as in cross-attention: here the picture shares it."""
    return columns(q[:, :, txt:], k[:, :, :txt], tokens).sum(dim=-1)


def over_queries(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """The softmax runs over those who look: each row of P adds up to 1, not each column."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-2)
    return p[:, :, txt:, tokens].sum(dim=-1)


def not_scaled(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """The scores are not divided by √d, so attention looks sharper than it is."""
    return columns(q[:, :, txt:] * q.shape[-1] ** 0.5, k, tokens).sum(dim=-1)


def the_words_view(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """This is where the word looks: a map is the word's column of P, and this is its row."""
    p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    return p[:, :, tokens, txt:].sum(dim=-2)


def mean_of_tokens(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """A word of two tokens counts half: shares of one budget are added, not averaged."""
    return columns(q[:, :, txt:], k, tokens).mean(dim=-1)


def picture_first(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """The first rows are taken for the picture's: text comes first."""
    return columns(q[:, :, :-txt], k, tokens).sum(dim=-1)


def heads_averaged(q: Tensor, k: Tensor, tokens: list[int], txt: int) -> Tensor:
    """The heads are averaged: keep them apart here."""
    return word_map(q, k, tokens, txt).mean(dim=1)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, list[int], int]:
    """Four tokens of text, five of the picture, and a word of two tokens."""
    q, k = 2 * torch.randn(2, 2, 3, 9, 8, generator=generator)
    return q, k, [1, 2], 4


def recorded(trained: Trained) -> tuple[Tensor, Tensor, list[int], int]:
    """The first block's queries and keys, and the tokens of "large red"."""
    q, k = (trained.seen[f"double.0.attn.{name}"] for name in ("q", "k"))
    return q, k, [1, 2], trained.seen["in.txt"].shape[1]


EXERCISE = Exercise(
    solution=word_map,
    other=by_softmax,
    mistakes=(
        text_alone,
        over_queries,
        not_scaled,
        the_words_view,
        mean_of_tokens,
        picture_first,
        heads_averaged,
    ),
    hints=(
        "A row of P is one who looks, a column one who is looked at. Which do you need?",
        "Softmax over all keys, text and picture; then the rows from txt on, the word's columns.",
        "(q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)[:, :, txt:, tokens].sum(dim=-1)",
    ),
    returns="[batch, head, img]",
    inputs=inputs,
    recorded=recorded,
)
