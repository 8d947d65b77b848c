"""From how many tokens on does a block spend more FLOPs on attention than on its linear layers?

    linear layers    qkv, proj and the MLP: 24 · seq · dim² FLOPs, in blocks of both kinds
    attention        4 · seq² · dim

Text and image tokens count together. Modulation works on one vector a picture, so it is left out.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def break_even(dim: int) -> int:
    """4 · seq² · dim = 24 · seq · dim², so seq = 6 · dim."""
    return 6 * dim


def by_searching(dim: int) -> int:
    """The first length at which the balance is reached."""
    return next(seq for seq in range(1, 100 * dim) if 4 * seq**2 * dim >= 24 * seq * dim**2)


def without_the_mlp(dim: int) -> int:
    """The MLP is missing from the linear layers: it is two thirds of them."""
    return 2 * dim


def without_attentions_layers(dim: int) -> int:
    """qkv and proj are missing from the linear layers."""
    return 4 * dim


def half_the_attention(dim: int) -> int:
    """Attention is counted with one product: it has two, scores and sums of values."""
    return 12 * dim


def half_the_layers(dim: int) -> int:
    """A linear layer's multiply-adds are counted as one FLOP: they are two, as in attention."""
    return 3 * dim


def squared(dim: int) -> int:
    """One dim cancels: what is left is a length, not its square."""
    return 6 * dim * dim


def inputs(generator: torch.Generator) -> tuple[int]:
    """The width of a model."""
    return (int(torch.randint(8, 200, (), generator=generator)),)


def recorded(trained: Trained) -> tuple[int]:
    """toy-dev's width."""
    return (trained.pipe.flux.config.hidden_size,)


EXERCISE = Exercise(
    solution=break_even,
    other=by_searching,
    mistakes=(
        without_the_mlp,
        without_attentions_layers,
        half_the_attention,
        half_the_layers,
        squared,
    ),
    hints=(
        "Write both costs down and let them be equal.",
        "24 · seq · dim² = 4 · seq² · dim; seq and dim each cancel once.",
        "6 · dim; for FLUX.1 that is 18 432 tokens.",
    ),
    returns="a whole number of tokens",
    inputs=inputs,
    recorded=recorded,
)
