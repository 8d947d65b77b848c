"""Which share of a double-stream block's weights is in its two MLPs?

    an MLP    dim → 4 · dim → dim, with biases; one for each stream

The rest is modulation, attention and norms. Your count of the block is the denominator.
"""

import torch

from fluxlearn.exercises.chapter_14.double_weights import double_weights
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def mlp_share(dim: int, head_dim: int) -> float:
    """Both MLPs, by the whole block."""
    mlp = dim * 4 * dim + 4 * dim + 4 * dim * dim + dim
    return 2 * mlp / double_weights(dim, head_dim)


def by_the_rest(dim: int, head_dim: int) -> float:
    """What is not in the rest: modulation, qkv, proj and scales."""
    return 1 - 2 * (10 * dim**2 + 10 * dim + 2 * head_dim) / double_weights(dim, head_dim)


def of_one_stream(dim: int, head_dim: int) -> float:
    """One MLP is held against the whole block: there are two."""
    return mlp_share(dim, head_dim) / 2


def of_the_rest(dim: int, head_dim: int) -> float:
    """The MLPs are held against the rest: against the whole block they are asked for."""
    share = mlp_share(dim, head_dim)
    return share / (1 - share)


def one_matrix(dim: int, head_dim: int) -> float:
    """An MLP has two matrices: one widens, one narrows."""
    return 2 * (4 * dim**2 + 4 * dim) / double_weights(dim, head_dim)


def without_modulation(dim: int, head_dim: int) -> float:
    """The modulation is left out of the block: it is a third of it, and FLUX.1 differs in that from
    a language model."""
    return 2 * (8 * dim**2 + 5 * dim) / (24 * dim**2 + 18 * dim + 4 * head_dim)


def in_percent(dim: int, head_dim: int) -> float:
    """This is in percent: a share of everything is 1."""
    return 100 * mlp_share(dim, head_dim)


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """A narrow block, in which every bias and scale shows."""
    head_dim, heads = torch.randint(2, 6, (2,), generator=generator).tolist()
    return head_dim * heads, head_dim


def recorded(trained: Trained) -> tuple[int, int]:
    """toy-dev's sizes."""
    config = trained.pipe.flux.config
    return config.hidden_size, config.head_dim


EXERCISE = Exercise(
    solution=mlp_share,
    other=by_the_rest,
    mistakes=(of_one_stream, of_the_rest, one_matrix, without_modulation, in_percent),
    hints=(
        "Above and below the line both streams are counted.",
        "An MLP has 8 · dim² + 5 · dim weights.",
        "2 · (8 · dim² + 5 · dim) / (36 · dim² + 30 · dim + 4 · head_dim)",
    ),
    returns="a number between 0 and 1",
    inputs=inputs,
    recorded=recorded,
)
