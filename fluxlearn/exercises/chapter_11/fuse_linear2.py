"""Fuse two layers whose results are added into one layer that reads both inputs side by side.

    W_proj · z + b_proj + W_mlp · a + b_mlp  =  W · (z ++ a) + b

z has dim channels, a has hidden. The result is what a single block calls linear2.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Layer = tuple[Tensor, Tensor]


def fuse_linear2(
    proj_weight: Float[Tensor, "dim dim"],
    proj_bias: Float[Tensor, " dim"],
    mlp_weight: Float[Tensor, "dim hidden"],
    mlp_bias: Float[Tensor, " dim"],
) -> tuple[Float[Tensor, "dim _"], Float[Tensor, " dim"]]:
    """Weights side by side, for each reads its own channels; biases added, for both are."""
    return torch.cat([proj_weight, mlp_weight], dim=1), proj_bias + mlp_bias


def by_filling(
    proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor
) -> Layer:
    """Two matrices with zeros where they do not read, added up."""
    dim, hidden = mlp_weight.shape
    padded = torch.nn.functional.pad(proj_weight, (0, hidden))
    return padded + torch.nn.functional.pad(mlp_weight, (dim, 0)), proj_bias.add(mlp_bias)


def mlp_first(
    proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor
) -> Layer:
    """The MLP's columns stand first: what attention gathered comes first in z ++ a."""
    return torch.cat([mlp_weight, proj_weight], dim=1), proj_bias + mlp_bias


def biases_joined(
    proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor
) -> Layer:
    """The biases are joined: the layer has dim outputs, so it has dim biases, their sums."""
    weight = torch.cat([proj_weight, mlp_weight], dim=1)
    return weight, torch.cat([proj_bias, mlp_bias])


def one_bias(proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor) -> Layer:
    """The MLP's bias is lost: both are added."""
    return torch.cat([proj_weight, mlp_weight], dim=1), 1 * proj_bias


def mean_bias(
    proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor
) -> Layer:
    """The mean of the biases is taken: their sum is what two layers add."""
    return torch.cat([proj_weight, mlp_weight], dim=1), (proj_bias + mlp_bias) / 2


def stacked(proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor) -> Layer:
    """Weights stand below each other, as for layers that share an input: these share outputs."""
    return torch.cat([proj_weight, mlp_weight.T]), proj_bias + mlp_bias


def transposed(
    proj_weight: Tensor, proj_bias: Tensor, mlp_weight: Tensor, mlp_bias: Tensor
) -> Layer:
    """The projection is transposed: weights are [out, in], and stay so."""
    return torch.cat([proj_weight.T, mlp_weight], dim=1), proj_bias + mlp_bias


def inputs(generator: torch.Generator) -> tuple[Tensor, ...]:
    """A model of width 6."""
    shapes = ((6, 6), (6,), (6, 24), (6,))
    return tuple(torch.randn(shape, generator=generator) for shape in shapes)


def recorded(trained: Trained) -> tuple[Tensor, ...]:
    """The two layers of the picture in the first double block, which does not fuse them."""
    weights = trained.weights("double_blocks.0.img_")
    names = (f"{layer}.{kind}" for layer in ("attn.proj", "mlp.2") for kind in ("weight", "bias"))
    return tuple(weights[name] for name in names)


EXERCISE = Exercise(
    solution=fuse_linear2,
    other=by_filling,
    mistakes=(mlp_first, biases_joined, one_bias, mean_bias, stacked, transposed),
    hints=(
        "W has as many columns as z and a have channels together. How many rows, how many biases?",
        "What does the right side give for a = 0? And for z = 0? The biases are there each time.",
        "torch.cat([proj_weight, mlp_weight], dim=1), and the sum of the biases.",
    ),
    returns="W [dim, dim + hidden] and b [dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("proj_weight", "mlp_bias"),
)
