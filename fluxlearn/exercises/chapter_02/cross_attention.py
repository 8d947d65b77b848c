"""Let a picture read a text the way Stable Diffusion does, by cross-attention.

    out = softmax(q · kᵀ / √head_dim) · v

Queries come from the picture, keys and values from the text. The softmax is over the words. Checked
with toy-dev, q, k and v are those of the first block, before they are turned: FLUX itself lets all
tokens look at all.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def cross_attention(
    img_q: Float[Tensor, "batch head img head_dim"],
    txt_k: Float[Tensor, "batch head txt head_dim"],
    txt_v: Float[Tensor, "batch head txt head_dim"],
) -> Float[Tensor, "batch head img head_dim"]:
    """The same function as any attention: only where q, k and v come from is another."""
    return F.scaled_dot_product_attention(img_q, txt_k, txt_v)


def by_hand(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The formula, as it is written."""
    scores = img_q @ txt_k.mT / img_q.shape[-1] ** 0.5
    return scores.softmax(dim=-1) @ txt_v


def not_scaled(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The scores are not divided by √head_dim: the softmax becomes too sharp."""
    return F.scaled_dot_product_attention(img_q, txt_k, txt_v, scale=1.0)


def divided_by_the_width(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The scores are divided by head_dim: by its root only."""
    return F.scaled_dot_product_attention(img_q, txt_k, txt_v, scale=1 / img_q.shape[-1])


def over_the_picture(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The softmax is over the picture: each place shares out its attention among the words."""
    return (img_q @ txt_k.mT / img_q.shape[-1] ** 0.5).softmax(dim=-2) @ txt_v


def no_softmax(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The softmax is missing: scores are no shares yet."""
    return img_q @ txt_k.mT / img_q.shape[-1] ** 0.5 @ txt_v


def keys_returned(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The keys are returned: they say who is looked at, the values what is fetched there."""
    return F.scaled_dot_product_attention(img_q, txt_k, txt_k)


def from_the_text(img_q: Tensor, txt_k: Tensor, txt_v: Tensor) -> Tensor:
    """The text is asking: there is a row for each word, but the picture wants to know."""
    return F.scaled_dot_product_attention(txt_k, img_q, img_q)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Six places of a picture and four words, two heads."""
    shapes = ((2, 2, 6, 8), (2, 2, 4, 8), (2, 2, 4, 8))
    q, k, v = (torch.randn(shape, generator=generator) for shape in shapes)
    return q, k, v


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """The first block's queries of the picture, and keys and values of the prompt."""
    names = ("img.q", "txt.k", "txt.v")
    q, k, v = (trained.seen[f"double.0.{name}"] for name in names)
    return q, k, v


EXERCISE = Exercise(
    solution=cross_attention,
    other=by_hand,
    mistakes=(
        not_scaled,
        divided_by_the_width,
        over_the_picture,
        no_softmax,
        keys_returned,
        from_the_text,
    ),
    hints=(
        "img_q @ txt_k.mT is [batch, head, img, txt]: a score for each place and word.",
        "Over which axis must the shares of one place sum to 1?",
        "F.scaled_dot_product_attention does all of it, or write (… ).softmax(dim=-1) @ txt_v.",
    ),
    returns="[batch, head, img, head_dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("img_q", "txt_k", "txt_v"),
)
