"""How many weights, biases and scales included, does a double-stream block have?

    each stream    modulation dim → 6 · dim, qkv dim → 3 · dim, proj dim → dim,
                   an MLP dim → 4 · dim → dim, and two norms of head_dim, for queries and keys

The LayerNorms have none. For FLUX.1, 3072 wide with heads of 128, it comes to 340 million.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def double_weights(dim: int, head_dim: int) -> int:
    """Layer by layer, then twice."""
    layers = [(dim, 6 * dim), (dim, 3 * dim), (dim, dim), (dim, 4 * dim), (4 * dim, dim)]
    stream = sum(m * n + n for m, n in layers) + 2 * head_dim
    return 2 * stream


def closed(dim: int, head_dim: int) -> int:
    """The sum, worked out."""
    return 36 * dim**2 + 30 * dim + 4 * head_dim


def one_stream(dim: int, head_dim: int) -> int:
    """Only one stream is counted: text and picture each have all of it."""
    return double_weights(dim, head_dim) // 2


def no_biases(dim: int, head_dim: int) -> int:
    """The biases are missing: a linear layer m → n has n of them."""
    return 36 * dim**2 + 4 * head_dim


def no_scales(dim: int, head_dim: int) -> int:
    """The norms of queries and keys are missing: each has a scale for every channel of a head."""
    return 36 * dim**2 + 30 * dim


def scales_of_every_head(dim: int, head_dim: int) -> int:
    """Each head is given scales of its own: all heads of a stream share them."""
    return 36 * dim**2 + 30 * dim + 4 * dim


def with_layer_norms(dim: int, head_dim: int) -> int:
    """The LayerNorms are given weights: here they have none, modulation brings them."""
    return double_weights(dim, head_dim) + 8 * dim


def no_modulation(dim: int, head_dim: int) -> int:
    """The modulation is missing: it is a third of the block."""
    return 24 * dim**2 + 18 * dim + 4 * head_dim


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """A narrow block, in which every bias and scale shows."""
    head_dim, heads = torch.randint(2, 6, (2,), generator=generator).tolist()
    return head_dim * heads, head_dim


def recorded(trained: Trained) -> tuple[int, int]:
    """toy-dev's sizes."""
    config = trained.pipe.flux.config
    return config.hidden_size, config.head_dim


EXERCISE = Exercise(
    solution=double_weights,
    other=closed,
    mistakes=(
        one_stream,
        no_biases,
        no_scales,
        scales_of_every_head,
        with_layer_norms,
        no_modulation,
    ),
    hints=(
        "A linear layer m → n has m · n weights and n biases. Count one stream first.",
        "In dim² one stream has 6 + 3 + 1 + 4 + 4 = 18.",
        "2 · (18 · dim² + 15 · dim + 2 · head_dim)",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)
