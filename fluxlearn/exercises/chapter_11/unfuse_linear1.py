"""Take the first fused layer of a single block apart: the weights of four layers in one.

    linear1 = ⎡ W_q   ⎤  dim rows
              ⎢ W_k   ⎥  dim
              ⎢ W_v   ⎥  dim
              ⎣ W_mlp ⎦  hidden, all that is left

weight is [3 · dim + hidden, dim]. Checkpoints in diffusers' form hold the four apart, as to_q,
to_k, to_v and proj_mlp.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Four = tuple[Tensor, ...]


def unfuse_linear1(
    weight: Float[Tensor, "_ dim"],
) -> tuple[
    Float[Tensor, "dim dim"],
    Float[Tensor, "dim dim"],
    Float[Tensor, "dim dim"],
    Float[Tensor, "hidden dim"],
]:
    """A row of a weight makes one channel of the output, so the rows are cut."""
    rows, dim = weight.shape
    q, k, v, mlp = weight.split([dim, dim, dim, rows - 3 * dim])
    return q, k, v, mlp


def by_slices(weight: Tensor) -> Four:
    """The borders are multiples of dim."""
    dim = weight.shape[1]
    return weight[:dim], weight[dim : 2 * dim], weight[2 * dim : 3 * dim], weight[3 * dim :]


def mlp_first(weight: Tensor) -> Four:
    """The MLP's rows are taken from the top: queries, keys and values stand before them."""
    rows, dim = weight.shape
    mlp, q, k, v = weight.split([rows - 3 * dim, dim, dim, dim])
    return q, k, v, mlp


def equal_parts(weight: Tensor) -> Four:
    """Four equal parts: the MLP has hidden rows, four times as many as each of the others."""
    return weight.tensor_split(4)


def columns_cut(weight: Tensor) -> Four:
    """The columns are cut: all four layers read the same channels, and differ in what they make."""
    return weight.tensor_split(4, dim=1)


def values_before_keys(weight: Tensor) -> Four:
    """Keys and values have changed places: the order is q, k, v."""
    q, k, v, mlp = unfuse_linear1(weight)
    return q, v, k, mlp


def interleaved(weight: Tensor) -> Four:
    """Every third row goes to the queries: they are dim rows in one piece."""
    dim = weight.shape[1]
    q, k, v = (weight[i : 3 * dim : 3] for i in range(3))
    return q, k, v, weight[3 * dim :]


def transposed(weight: Tensor) -> Four:
    """The parts are transposed: they are weights of layers too, [out, in]."""
    return tuple(part.T for part in unfuse_linear1(weight))


def inputs(generator: torch.Generator) -> tuple[Tensor]:
    """A model of width 6."""
    return (torch.randn(3 * 6 + 24, 6, generator=generator),)


def recorded(trained: Trained) -> tuple[Tensor]:
    """The first single block's."""
    return (trained.weights("single_blocks.0.")["linear1.weight"],)


EXERCISE = Exercise(
    solution=unfuse_linear1,
    other=by_slices,
    mistakes=(mlp_first, equal_parts, columns_cut, values_before_keys, interleaved, transposed),
    hints=(
        "A linear layer's weight is [out, in]. Which of the two do the four layers share?",
        "weight.shape[1] is dim; the first three parts have as many rows.",
        "weight.split([dim, dim, dim, rows - 3 * dim])",
    ),
    returns="W_q, W_k, W_v and W_mlp",
    inputs=inputs,
    recorded=recorded,
    gradients=("weight",),
)
