"""How many weights does a T5 encoder have? T5 has no biases.

    words         one vector of the width for each of them
    a layer       4 matrices of attention, width × width
                  3 matrices of the gated MLP, between width and inner
                  2 norms, a scale for every channel
    distances     32 numbers a head, once: all layers share them
    at the end    one more norm

For T5-XXL (32 128 words, 4096 wide, inner 10 240, 24 layers, 64 heads) it is 4 762 310 656.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

DISTANCES = 32


def t5_weights(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """`fluxlearn.text.t5` has the formula too."""
    layer = 4 * width**2 + 3 * width * inner + 2 * width
    return words * width + layers * layer + DISTANCES * heads + width


def by_shapes(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """The shape of every tensor, one after the other."""
    attention = [(width, width)] * 4
    mlp = [(inner, width), (inner, width), (width, inner)]
    layer = [*attention, *mlp, (1, width), (1, width)]
    shapes = [(words, width), *layer * layers, (DISTANCES, heads), (1, width)]
    return sum(rows * columns for rows, columns in shapes)


def no_words(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """The words themselves are missing: each has a vector of the width."""
    return t5_weights(0, width, inner, layers, heads)


def plain_mlp(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """The MLP has two matrices here: T5 v1.1 gates it, and a gate is a third."""
    return t5_weights(words, width, inner, layers, heads) - layers * width * inner


def no_output(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """Attention has three matrices here: query, key, value, and one for the way out."""
    return t5_weights(words, width, inner, layers, heads) - layers * width**2


def distances_everywhere(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """Every layer has distances of its own here: all share those of the first."""
    return t5_weights(words, width, inner, layers, heads) + (layers - 1) * DISTANCES * heads


def no_last_norm(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """The norm at the end is missing."""
    return t5_weights(words, width, inner, layers, heads) - width


def with_biases(words: int, width: int, inner: int, layers: int, heads: int) -> int:
    """Biases are counted: T5 has none."""
    return t5_weights(words, width, inner, layers, heads) + layers * (5 * width + 2 * inner)


def inputs(generator: torch.Generator) -> tuple[int, int, int, int, int]:
    """Sizes of a small encoder."""
    words, width, inner, layers, heads = torch.randint(3, 30, (5,), generator=generator).tolist()
    return words, width, inner, layers, heads


def recorded(trained: Trained) -> tuple[int, int, int, int, int]:
    """The sizes of the toy's T5."""
    config = trained.t5.model.config
    return config.vocab_size, config.d_model, config.d_ff, config.num_layers, config.num_heads


EXERCISE = Exercise(
    solution=t5_weights,
    other=by_shapes,
    mistakes=(
        no_words,
        plain_mlp,
        no_output,
        distances_everywhere,
        no_last_norm,
        with_biases,
    ),
    hints=(
        "Count one layer first.",
        "A layer has 4 · width² + 3 · width · inner + 2 · width.",
        "words · width + layers · layer + 32 · heads + width",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)
