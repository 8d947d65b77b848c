"""How many weights, biases included, does all the modulation of a Flux model have?

    a double block    two streams, each a linear layer dim → 6 · dim
    a single block    one linear layer dim → 3 · dim
    the last layer    one linear layer dim → 2 · dim, since it has no gate

For FLUX.1-dev (3072 wide, 19 double and 38 single blocks) it is more than a quarter of all weights.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def modulation_weights(dim: int, doubles: int, singles: int) -> int:
    """Parts of size dim, times the weights and the bias of each of their values."""
    parts = 2 * 6 * doubles + 3 * singles + 2
    return parts * dim * (dim + 1)


def by_layers(dim: int, doubles: int, singles: int) -> int:
    """One linear layer after the other."""
    outputs = [6 * dim] * 2 * doubles + [3 * dim] * singles + [2 * dim]
    return sum(dim * width + width for width in outputs)


def one_stream(dim: int, doubles: int, singles: int) -> int:
    """Only one stream of the double blocks is counted: text and picture each have a layer."""
    return (6 * doubles + 3 * singles + 2) * dim * (dim + 1)


def no_biases(dim: int, doubles: int, singles: int) -> int:
    """The biases are missing: each value of a layer's output has one."""
    return (12 * doubles + 3 * singles + 2) * dim * dim


def six_everywhere(dim: int, doubles: int, singles: int) -> int:
    """Six parts are counted for the single blocks: they have one branch, so three."""
    return (12 * doubles + 6 * singles + 2) * dim * (dim + 1)


def no_last_layer(dim: int, doubles: int, singles: int) -> int:
    """The last layer is missing: it has a shift and a scale."""
    return (12 * doubles + 3 * singles) * dim * (dim + 1)


def gate_at_the_end(dim: int, doubles: int, singles: int) -> int:
    """The last layer has no gate: two parts, not three."""
    return (12 * doubles + 3 * singles + 3) * dim * (dim + 1)


def inputs(generator: torch.Generator) -> tuple[int, int, int]:
    """Sizes of a small model."""
    dim, doubles, singles = torch.randint(2, 20, (3,), generator=generator).tolist()
    return dim, doubles, singles


def recorded(trained: Trained) -> tuple[int, int, int]:
    """toy-dev's sizes."""
    config = trained.pipe.flux.config
    return config.hidden_size, config.depth, config.depth_single_blocks


EXERCISE = Exercise(
    solution=modulation_weights,
    other=by_layers,
    mistakes=(one_stream, no_biases, six_everywhere, no_last_layer, gate_at_the_end),
    hints=(
        "A linear layer a → b has a · b weights and b biases.",
        "Count the parts of size dim first: 12 a double block, 3 a single block, 2 at the end.",
        "Each part has dim · (dim + 1) weights.",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)
