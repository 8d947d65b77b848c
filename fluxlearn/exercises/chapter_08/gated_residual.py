"""Add what a branch found to the stream, as strongly as the gate says.

    x + gate · branch

branch is the output of attention or of the MLP. With the gate at zero the block does nothing.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def gated_residual(
    x: Float[Tensor, "batch seq dim"],
    branch: Float[Tensor, "batch seq dim"],
    gate: Float[Tensor, "batch 1 dim"],
) -> Float[Tensor, "batch seq dim"]:
    """The gate is a plain factor, one for each channel."""
    return x + gate * branch


def by_addcmul(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The same in one call."""
    return torch.addcmul(x, gate, branch)


def one_plus_gate(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The branch is multiplied by 1 + gate: only scale has the 1; a gate of 0 is closed."""
    return x + (1 + gate) * branch


def stream_gated(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The gate multiplies the stream: it multiplies the branch."""
    return gate * x + branch


def sum_gated(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The gate multiplies the whole sum: the stream passes beside the gate."""
    return gate * (x + branch)


def no_residual(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The stream itself is lost: the branch is added to it."""
    return gate * branch


def squashed(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The gate goes through a sigmoid, as in an LSTM: here it is used as it is, also below zero."""
    return x + gate.sigmoid() * branch


def blended(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    """The stream fades as the branch opens: it stays whole."""
    return (1 - gate) * x + gate * branch


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A stream, a branch, and gates of both signs."""
    shapes = ((2, 5, 8), (2, 5, 8), (2, 1, 8))
    x, branch, gate = (torch.randn(shape, generator=generator) for shape in shapes)
    return x, branch, gate


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """What the first block's attention adds to the picture's stream."""
    names = ("resid_pre", "attn_out", "mod.gate1")
    x, branch, gate = (trained.seen[f"double.0.img.{name}"] for name in names)
    return x, branch, gate


EXERCISE = Exercise(
    solution=gated_residual,
    other=by_addcmul,
    mistakes=(one_plus_gate, stream_gated, sum_gated, no_residual, squashed, blended),
    hints=(
        "Which gate should make the block disappear?",
        "A gate of 0 must leave x as it is, whatever the branch says.",
        "x + gate * branch",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "branch", "gate"),
)
