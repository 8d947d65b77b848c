"""How many weights, biases and scales included, does a single-stream block have?

    modulation  dim → 3 · dim
    linear1     dim → 3 · dim + 4 · dim      qkv and the MLP's way in, fused
    linear2     dim + 4 · dim → dim          attention's and the MLP's way out, fused
    norms       two of head_dim, for queries and keys

For FLUX.1 it comes to 142 million, less than half of a double block.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def single_weights(dim: int, head_dim: int) -> int:
    """Layer by layer."""
    layers = [(dim, 3 * dim), (dim, 7 * dim), (5 * dim, dim)]
    return sum(m * n + n for m, n in layers) + 2 * head_dim


def closed(dim: int, head_dim: int) -> int:
    """The sum, worked out."""
    return 15 * dim**2 + 11 * dim + 2 * head_dim


def half_a_double_block(dim: int, head_dim: int) -> int:
    """This is half a double block: here the modulation has three parts, not six."""
    return 18 * dim**2 + 15 * dim + 2 * head_dim


def not_fused(dim: int, head_dim: int) -> int:
    """linear2 is counted as two layers with a bias each: fused, they share one."""
    return 15 * dim**2 + 12 * dim + 2 * head_dim


def no_biases(dim: int, head_dim: int) -> int:
    """The biases are missing: a linear layer m → n has n of them."""
    return 15 * dim**2 + 2 * head_dim


def no_scales(dim: int, head_dim: int) -> int:
    """The norms of queries and keys are missing: each has a scale for every channel of a head."""
    return 15 * dim**2 + 11 * dim


def two_streams(dim: int, head_dim: int) -> int:
    """Two streams are counted: text and picture are one stream here."""
    return 2 * single_weights(dim, head_dim)


def no_attention_in_linear2(dim: int, head_dim: int) -> int:
    """linear2 reads only the MLP: it reads attention beside it, 5 · dim channels."""
    return 14 * dim**2 + 11 * dim + 2 * head_dim


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """A narrow block, in which every bias and scale shows."""
    head_dim, heads = torch.randint(2, 6, (2,), generator=generator).tolist()
    return head_dim * heads, head_dim


def recorded(trained: Trained) -> tuple[int, int]:
    """toy-dev's sizes."""
    config = trained.pipe.flux.config
    return config.hidden_size, config.head_dim


EXERCISE = Exercise(
    solution=single_weights,
    other=closed,
    mistakes=(
        half_a_double_block,
        not_fused,
        no_biases,
        no_scales,
        two_streams,
        no_attention_in_linear2,
    ),
    hints=(
        "Three linear layers and two norms.",
        "In dim² there are 3 + 7 + 5 = 15; a bias is as long as its layer's output.",
        "15 · dim² + 11 · dim + 2 · head_dim",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)
