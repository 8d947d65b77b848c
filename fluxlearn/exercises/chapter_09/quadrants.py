"""How much of its attention does each stream give to each?

    ⎡ T → T   T → I ⎤       rows look, columns are looked at
    ⎣ I → T   I → I ⎦       each row adds up to 1

attention is [seq, seq]: a row for each token that looks, with shares that add up to 1; the first
`txt` tokens are text. A quadrant's number is the mean over the tokens that look.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def quadrants(attention: Float[Tensor, "seq seq"], txt: int) -> Float[Tensor, "2 2"]:
    """Cut where the text ends, add up what is looked at, and average over who looks."""
    cut = [txt, len(attention) - txt]
    gives = torch.stack([part.sum(dim=1) for part in attention.split(cut, dim=1)], dim=1)
    return torch.stack([rows.mean(dim=0) for rows in gives.split(cut)])


def by_indicator(attention: Tensor, txt: int) -> Tensor:
    """E has a column for each stream, with 1 where a token belongs to it: Eᵀ·P·E / |stream|."""
    is_text = torch.arange(len(attention)) < txt
    regions = torch.stack([is_text, ~is_text], dim=1).float()
    return regions.T @ attention @ regions / regions.sum(dim=0)[:, None]


def turned_over(attention: Tensor, txt: int) -> Tensor:
    """Rows and columns have changed places: rows look."""
    return quadrants(attention, txt).T


def added_up(attention: Tensor, txt: int) -> Tensor:
    """The shares of all tokens that look are added up: take their mean."""
    lengths = torch.tensor([txt, len(attention) - txt])
    return quadrants(attention, txt) * lengths[:, None]


def mean_of_entries(attention: Tensor, txt: int) -> Tensor:
    """The mean of all entries is taken: add up what is looked at, average over who looks."""
    lengths = torch.tensor([txt, len(attention) - txt])
    return quadrants(attention, txt) / lengths


def of_all_attention(attention: Tensor, txt: int) -> Tensor:
    """All four add up to 1: each row should, for each stream has a budget of its own."""
    return added_up(attention, txt) / len(attention)


def image_first(attention: Tensor, txt: int) -> Tensor:
    """The picture's numbers come first: text stands first in rows and columns."""
    return quadrants(attention, txt).flip(0, 1)


def cut_from_the_end(attention: Tensor, txt: int) -> Tensor:
    """The last tokens are taken for text: the first ones are."""
    return quadrants(attention, len(attention) - txt).flip(0, 1)


def inputs(generator: torch.Generator) -> tuple[Tensor, int]:
    """Three text tokens and five image tokens."""
    return torch.randn(8, 8, generator=generator).softmax(dim=-1), 3


def recorded(trained: Trained) -> tuple[Tensor, int]:
    """The first block's attention, the mean over its heads."""
    q, k = (trained.seen[f"double.0.attn.{name}"] for name in "qk")
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return scores.softmax(dim=-1).mean(dim=1)[0], trained.seen["embed.txt"].shape[1]


EXERCISE = Exercise(
    solution=quadrants,
    other=by_indicator,
    mistakes=(
        turned_over,
        added_up,
        mean_of_entries,
        of_all_attention,
        image_first,
        cut_from_the_end,
    ),
    hints=(
        "What should the two numbers of a row add up to?",
        "attention[:, :txt].sum(dim=1) is what each token gives to the text.",
        "For I → T: attention[txt:, :txt].sum(dim=1).mean(); the same for the other three.",
    ),
    returns="[2, 2]: rows look, columns are looked at, text first",
    inputs=inputs,
    recorded=recorded,
)
