"""Bring an embedding to the width of the model: a linear layer, SiLU, and another linear layer.

    out_weight · silu(in_weight · x + in_bias) + out_bias           silu(a) = a · sigmoid(a)

Weights are stored as [out, in]. Among those that yours is checked with are toy-dev's own, of its
`time_in`.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def mlp_embedder(
    x: Float[Tensor, "batch _"],
    in_weight: Float[Tensor, "dim _"],
    in_bias: Float[Tensor, " dim"],
    out_weight: Float[Tensor, "dim dim"],
    out_bias: Float[Tensor, " dim"],
) -> Float[Tensor, "batch dim"]:
    """What `fluxlearn.model.embeddings.MLPEmbedder` computes."""
    hidden = F.silu(F.linear(x, in_weight, in_bias))
    return F.linear(hidden, out_weight, out_bias)


def by_matrices(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """Row vectors are multiplied by transposed weights."""
    hidden = x @ in_weight.T + in_bias
    return (hidden * hidden.sigmoid()) @ out_weight.T + out_bias


def no_activation(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """SiLU is missing: two linear layers in a row are no more than one."""
    return F.linear(F.linear(x, in_weight, in_bias), out_weight, out_bias)


def activation_first(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """SiLU comes before the first layer: it belongs between the two."""
    return no_activation(F.silu(x), in_weight, in_bias, out_weight, out_bias)


def activation_last(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """SiLU follows the second layer too: the result of an embedder is not bent again."""
    return F.silu(mlp_embedder(x, in_weight, in_bias, out_weight, out_bias))


def relu(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """The activation is ReLU: FLUX uses SiLU here."""
    return F.linear(F.linear(x, in_weight, in_bias).relu(), out_weight, out_bias)


def gelu(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """The activation is GELU, which FLUX uses in the blocks' MLPs: embedders use SiLU."""
    return F.linear(F.gelu(F.linear(x, in_weight, in_bias)), out_weight, out_bias)


def no_biases(
    x: Tensor, in_weight: Tensor, in_bias: Tensor, out_weight: Tensor, out_bias: Tensor
) -> Tensor:
    """The biases are missing: every linear layer of FLUX.1 has one."""
    return mlp_embedder(x, in_weight, 0 * in_bias, out_weight, 0 * out_bias)


def inputs(generator: torch.Generator) -> tuple[Tensor, ...]:
    """An embedding of 6 channels and a model of width 8."""
    shapes = ((3, 6), (8, 6), (8,), (8, 8), (8,))
    return tuple(torch.randn(shape, generator=generator) for shape in shapes)


def recorded(trained: Trained) -> tuple[Tensor, ...]:
    """The embedded time and the weights that it meets."""
    first, second = trained.pipe.flux.time_in.in_layer, trained.pipe.flux.time_in.out_layer
    return trained.seen["embed.t_freq"], first.weight, first.bias, second.weight, second.bias


EXERCISE = Exercise(
    solution=mlp_embedder,
    other=by_matrices,
    mistakes=(no_activation, activation_first, activation_last, relu, gelu, no_biases),
    hints=(
        "torch.nn.functional has linear(x, weight, bias) and silu(x).",
        "Three calls, one inside the other or one after the other: linear, silu, linear.",
        "hidden = F.silu(F.linear(x, in_weight, in_bias)), and one more F.linear.",
    ),
    returns="[batch, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "in_weight", "out_weight"),
)
