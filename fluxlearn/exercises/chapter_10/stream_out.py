"""One stream's way out of attention: project what its tokens gathered, and add it, gated.

    x + gate · (W_proj · z + b_proj)

z is [batch, seq, dim], the heads side by side. weights are one stream's, by their names in a
checkpoint: attn.proj.weight and attn.proj.bias.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.chapter_10.stream_in import DIM, draw_stream
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Weights = Mapping[str, Tensor]


def stream_out(
    x: Float[Tensor, "batch seq dim"],
    z: Float[Tensor, "batch seq dim"],
    gate: Float[Tensor, "batch 1 dim"],
    weights: Weights,
) -> Float[Tensor, "batch seq dim"]:
    """What `fluxlearn.model.double_block.leave_attention` computes."""
    return x + gate * F.linear(z, weights["attn.proj.weight"], weights["attn.proj.bias"])


def by_gated_weights(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """A gate on a linear layer's result is the same layer with gated rows and gated biases."""
    rows = gate.mT * weights["attn.proj.weight"]
    return x + z @ rows.mT + gate * weights["attn.proj.bias"]


def not_projected(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The projection is missing: heads never mix, head 0 would write to the first channels only."""
    return x + gate * z


def no_bias(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The bias is missing: the projection has one."""
    return x + gate * F.linear(z, weights["attn.proj.weight"])


def gated_before(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The gate multiplies z: it multiplies what the projection made of it."""
    return x + F.linear(gate * z, weights["attn.proj.weight"], weights["attn.proj.bias"])


def bias_past_the_gate(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The bias passes beside the gate: a closed gate would still add it."""
    return x + gate * F.linear(z, weights["attn.proj.weight"]) + weights["attn.proj.bias"]


def not_added(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The stream itself is lost: what attention gathered is added to it."""
    return stream_out(0 * x, z, gate, weights)


def not_gated(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The gate is missing."""
    return stream_out(x, z, torch.ones_like(gate), weights)


def transposed(x: Tensor, z: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The weights are used transposed: they are stored as [out, in], so z is multiplied by W.T."""
    return x + gate * (z @ weights["attn.proj.weight"] + weights["attn.proj.bias"])


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """A stream of five tokens, and gates of both signs."""
    x, z, gate = (torch.randn(2, tokens, DIM, generator=generator) for tokens in (5, 5, 1))
    return x, z, gate, draw_stream(generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """What the picture's tokens gathered in the first block."""
    names = ("resid_pre", "z", "mod.gate1")
    x, z, gate = (trained.seen[f"double.0.img.{name}"] for name in names)
    return x, z, gate, trained.weights("double_blocks.0.img_")


EXERCISE = Exercise(
    solution=stream_out,
    other=by_gated_weights,
    mistakes=(
        not_projected,
        no_bias,
        gated_before,
        bias_past_the_gate,
        not_added,
        not_gated,
        transposed,
    ),
    hints=(
        "The gate comes last: whatever attention says, a gate of 0 leaves x as it is.",
        "F.linear(z, weight, bias) lets the heads mix.",
        "x + gate * F.linear(z, weights['attn.proj.weight'], weights['attn.proj.bias'])",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "z", "gate"),
)
