"""Take the second fused layer of a single block apart: what attention writes, what the MLP writes.

    linear2(z ++ a) = W_z · z  +  W_a · a  +  b
                      attention   MLP         neither

z is [batch, seq, dim], a is [batch, seq, hidden], weight is [dim, dim + hidden]. The bias belongs
to neither, so leave it out. The sum is exact: who wrote what can be told although the layer is
fused.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Pair = tuple[Tensor, Tensor]


def linear2_parts(
    z: Float[Tensor, "batch seq dim"],
    a: Float[Tensor, "batch seq hidden"],
    weight: Float[Tensor, "dim _"],
) -> tuple[Float[Tensor, "batch seq dim"], Float[Tensor, "batch seq dim"]]:
    """A column of a weight reads one channel of the input, so the columns are cut."""
    dim = z.shape[-1]
    return F.linear(z, weight[:, :dim]), F.linear(a, weight[:, dim:])


def by_silence(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """The whole layer twice: once with the neurons silent, once with the heads silent."""
    heads = torch.cat([z, torch.zeros_like(a)], dim=-1)
    neurons = torch.cat([torch.zeros_like(z), a], dim=-1)
    return heads @ weight.T, neurons @ weight.T


def mlp_first(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """The first hidden columns are taken for the MLP's: attention's stand first."""
    hidden = a.shape[-1]
    return F.linear(z, weight[:, hidden:]), F.linear(a, weight[:, :hidden])


def exchanged(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """The parts come back in the wrong order: attention's first."""
    attention, mlp = linear2_parts(z, a, weight)
    return mlp, attention


def all_in_both(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """Both parts are the whole: each part knows only its own input."""
    whole = F.linear(torch.cat([z, a], dim=-1), weight)
    return whole, whole.clone()


def halved(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """The whole is cut into two equal halves: what counts is who wrote it."""
    whole = F.linear(torch.cat([z, a], dim=-1), weight)
    return whole / 2, whole / 2


def bent_again(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """GELU is applied again: a has been through it."""
    return linear2_parts(z, F.gelu(a, approximate="tanh"), weight)


def by_rows(z: Tensor, a: Tensor, weight: Tensor) -> Pair:
    """The output is cut: each part writes to all dim channels, the cut is in what is read."""
    whole = F.linear(torch.cat([z, a], dim=-1), weight)
    half = whole.shape[-1] // 2
    return whole[..., :half], whole[..., half:]


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A model of width 6."""
    shapes = ((2, 5, 6), (2, 5, 24), (6, 30))
    z, a, weight = (torch.randn(shape, generator=generator) for shape in shapes)
    return z, a, weight


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """What the first single block's second layer reads."""
    z, a = (trained.seen[f"single.0.{name}"] for name in ("z", "mlp_act"))
    return z, a, trained.weights("single_blocks.0.")["linear2.weight"]


EXERCISE = Exercise(
    solution=linear2_parts,
    other=by_silence,
    mistakes=(mlp_first, exchanged, all_in_both, halved, bent_again, by_rows),
    hints=(
        "A weight is [out, in]. Which of its columns read z?",
        "weight[:, :dim] reads z, and the rest reads a.",
        "F.linear(z, weight[:, :dim]), F.linear(a, weight[:, dim:])",
    ),
    returns="attention's part and the MLP's, each [batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("z", "a", "weight"),
    atol=1e-4,  # sums over nearly a thousand channels
)
