"""What share of a block's arithmetic is attention itself, and not its linear layers?

    a linear layer dim → n     2 · seq · dim · n             on seq tokens
    attention                  4 · seq² · dim                q · kᵀ, and the sum of the values

A block's linear layers are those from dim to 3 · dim (queries, keys, values), dim to dim, dim to
4 · dim and 4 · dim to dim, fused or not. Leave modulation out: it works on one vector.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def attention_share(dim: int, seq: int) -> float:
    """24 · seq · dim² for the layers and 4 · seq² · dim for attention: seq / (seq + 6 · dim)."""
    return seq / (seq + 6 * dim)


def by_counting(dim: int, seq: int) -> float:
    """One after the other."""
    layers = sum(2 * seq * dim * width for width in (3 * dim, dim, 4 * dim, 4 * dim))
    attention = 4 * seq**2 * dim
    return attention / (layers + attention)


def beside_the_layers(dim: int, seq: int) -> float:
    """This is attention by layers: a share is of the whole, attention included."""
    return seq / (6 * dim)


def scores_only(dim: int, seq: int) -> float:
    """Only q · kᵀ is counted: adding up the values takes as much again."""
    return seq / (seq + 12 * dim)


def no_mlp(dim: int, seq: int) -> float:
    """The MLP's two layers are missing: they are two thirds of all."""
    return seq / (seq + 2 * dim)


def no_projection(dim: int, seq: int) -> float:
    """The projection after attention is missing: dim to dim."""
    return 4 * seq / (4 * seq + 22 * dim)


def layers_left(dim: int, seq: int) -> float:
    """This is the layers' share: attention's is what is left."""
    return 1 - attention_share(dim, seq)


def linear_in_tokens(dim: int, seq: int) -> float:
    """Attention is counted for one token: every token looks at all of them."""
    return 1 / (1 + 6 * dim)


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """Widths and lengths of any ratio."""
    dim, seq = torch.randint(8, 4000, (2,), generator=generator).tolist()
    return dim, seq


def recorded(trained: Trained) -> tuple[int, int]:
    """toy-dev's width and the length of its joint sequence."""
    return trained.pipe.flux.config.hidden_size, trained.seen["pe.ids"].shape[1]


EXERCISE = Exercise(
    solution=attention_share,
    other=by_counting,
    mistakes=(
        beside_the_layers,
        scores_only,
        no_mlp,
        no_projection,
        layers_left,
        linear_in_tokens,
    ),
    hints=(
        "Add up the layers' widths first: 3 + 1 + 4 + 4 times dim.",
        "24 · seq · dim² for the layers, 4 · seq² · dim for attention. What can be cancelled?",
        "seq / (seq + 6 * dim)",
    ),
    returns="a number between 0 and 1",
    inputs=inputs,
    recorded=recorded,
)
