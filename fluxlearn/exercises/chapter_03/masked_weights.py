"""Turn scores into attention that no padding gets a share of.

    weightsᵢⱼ = softmaxⱼ (scoresᵢⱼ, or −∞ where token j is padding)

scores is [batch, head, query, txt]; is_padding is [batch, txt] and true for padding. FLUX.1 masks
nothing, neither in T5 nor in its own attention; Chroma, its relative, masks all padding but one
token.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import PROMPT, Trained


def masked_weights(
    scores: Float[Tensor, "batch head query txt"], is_padding: Bool[Tensor, "batch txt"]
) -> Float[Tensor, "batch head query txt"]:
    """Before the softmax, so that the shares of all others grow to 1 again."""
    return scores.masked_fill(is_padding[:, None, None], float("-inf")).softmax(dim=-1)


def by_sharing_out(scores: Tensor, is_padding: Tensor) -> Tensor:
    """Exponentials of the words only, divided by their sum."""
    powers = (scores - scores.amax(dim=-1, keepdim=True)).exp() * ~is_padding[:, None, None]
    return powers / powers.sum(dim=-1, keepdim=True)


def not_masked(scores: Tensor, is_padding: Tensor) -> Tensor:
    """Nothing is masked: that is FLUX.1's way, but here padding is to get nothing."""
    return scores.softmax(dim=-1)


def zeroed_after(scores: Tensor, is_padding: Tensor) -> Tensor:
    """The shares of padding are set to 0 after the softmax: the others no longer sum to 1."""
    return scores.softmax(dim=-1) * ~is_padding[:, None, None]


def zero_before(scores: Tensor, is_padding: Tensor) -> Tensor:
    """The scores of padding are set to 0, which is a middling score: −∞ gives a share of 0."""
    return scores.masked_fill(is_padding[:, None, None], 0).softmax(dim=-1)


def words_masked(scores: Tensor, is_padding: Tensor) -> Tensor:
    """The mask is the wrong way round: the words get nothing, and padding all."""
    return masked_weights(scores, ~is_padding)


def lookers_masked(scores: Tensor, is_padding: Tensor) -> Tensor:
    """The padding's own rows are masked: it may look as it likes, it is not to be looked at."""
    return scores.masked_fill(is_padding[:, None, :, None], -1e9).softmax(dim=-1)


def over_the_rows(scores: Tensor, is_padding: Tensor) -> Tensor:
    """The softmax is over the tokens that look: the shares of each looking token sum to 1."""
    return scores.masked_fill(is_padding[:, None, None], -1e9).softmax(dim=-2)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two prompts of four and of two words, padded to six."""
    lengths = torch.tensor([[4], [2]])
    return torch.randn(2, 3, 6, 6, generator=generator), torch.arange(6) >= lengths


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The scores among the text tokens in the first block."""
    q, k = (trained.seen[f"double.0.txt.{name}"] for name in "qk")
    is_padding = trained.t5.tokens([PROMPT]) == trained.t5.tokenizer.pad_token_id
    return q @ k.mT / q.shape[-1] ** 0.5, is_padding


EXERCISE = Exercise(
    solution=masked_weights,
    other=by_sharing_out,
    mistakes=(
        not_masked,
        zeroed_after,
        zero_before,
        words_masked,
        lookers_masked,
        over_the_rows,
    ),
    hints=(
        "Which score becomes a share of 0, whatever the other scores are?",
        "The mask is about tokens that are looked at, the last axis: is_padding[:, None, None].",
        'scores.masked_fill(is_padding[:, None, None], float("-inf")).softmax(dim=-1)',
    ),
    returns="[batch, head, query, txt]; every row sums to 1",
    inputs=inputs,
    recorded=recorded,
    gradients=("scores",),
)
