"""The second half of a stream's block: each token for itself, with no other in sight.

    x + gate · mlp((1 + scale) · norm(x) + shift)
    mlp(y) = W₂ · gelu(W₁ · y + b₁) + b₂            gelu in its tanh form

weights are one stream's, by their names in a checkpoint: mlp.0.weight, mlp.0.bias, mlp.2.weight and
mlp.2.bias. (What would be mlp.1 is the GELU, which has none.)
"""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.chapter_08.modulated_norm import modulated_norm
from fluxlearn.exercises.chapter_10.stream_in import DIM, draw_stream
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Weights = Mapping[str, Tensor]


def think(
    x: Float[Tensor, "batch seq dim"],
    shift: Float[Tensor, "batch 1 dim"],
    scale: Float[Tensor, "batch 1 dim"],
    gate: Float[Tensor, "batch 1 dim"],
    weights: Weights,
) -> Float[Tensor, "batch seq dim"]:
    """What `fluxlearn.model.double_block.think` computes."""
    read = modulated_norm(x, shift, scale)
    hidden = F.linear(read, weights["mlp.0.weight"], weights["mlp.0.bias"])
    bent = F.gelu(hidden, approximate="tanh")
    return x + gate * F.linear(bent, weights["mlp.2.weight"], weights["mlp.2.bias"])


def by_formula(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The tanh written out."""
    read = torch.addcmul(shift, F.layer_norm(x, x.shape[-1:], eps=1e-6), 1 + scale)
    hidden = read @ weights["mlp.0.weight"].T + weights["mlp.0.bias"]
    inner = (2 / torch.pi) ** 0.5 * (hidden + 0.044715 * hidden**3)
    bent = 0.5 * hidden * (1 + inner.tanh())
    return torch.addcmul(x, gate, bent @ weights["mlp.2.weight"].T + weights["mlp.2.bias"])


def exact_gelu(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """This is the exact GELU: FLUX was trained with the tanh form, which is a little off it."""
    return _with(F.gelu, x, shift, scale, gate, weights)


def relu(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The activation is ReLU: the MLPs of the blocks have GELU."""
    return _with(F.relu, x, shift, scale, gate, weights)


def silu(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The activation is SiLU, as in the embedders: the MLPs of the blocks have GELU."""
    return _with(F.silu, x, shift, scale, gate, weights)


def linear(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """GELU is missing: two linear layers in a row are no more than one."""
    return _with(lambda hidden: hidden, x, shift, scale, gate, weights)


def not_added(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The stream itself is lost: the MLP's result is added to it."""
    return think(x, shift, scale, gate, weights) - x


def not_gated(x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights) -> Tensor:
    """The gate is missing."""
    return think(x, shift, scale, torch.ones_like(gate), weights)


def not_modulated(
    x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, weights: Weights
) -> Tensor:
    """Modulation is missing: the MLP reads a stream that was normalised and no more."""
    return think(x, 0 * shift, 0 * scale, gate, weights)


def _with(
    activation: Callable[[Tensor], Tensor],
    x: Tensor,
    shift: Tensor,
    scale: Tensor,
    gate: Tensor,
    weights: Weights,
) -> Tensor:
    """The same with another activation."""
    read = modulated_norm(x, shift, scale)
    hidden = activation(F.linear(read, weights["mlp.0.weight"], weights["mlp.0.bias"]))
    return x + gate * F.linear(hidden, weights["mlp.2.weight"], weights["mlp.2.bias"])


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Weights]:
    """A stream of five tokens, and gates of both signs."""
    x, shift, scale, gate = (
        torch.randn(2, tokens, DIM, generator=generator) for tokens in (5, 1, 1, 1)
    )
    return 3 * x + 1, shift, scale, gate, draw_stream(generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, Tensor, Weights]:
    """The picture's stream half-way through the first block."""
    names = ("resid_mid", "mod.shift2", "mod.scale2", "mod.gate2")
    x, shift, scale, gate = (trained.seen[f"double.0.img.{name}"] for name in names)
    return x, shift, scale, gate, trained.weights("double_blocks.0.img_")


EXERCISE = Exercise(
    solution=think,
    other=by_formula,
    mistakes=(exact_gelu, relu, silu, linear, not_added, not_gated, not_modulated),
    hints=(
        "Read, widen, bend, narrow, gate, add: six steps.",
        "F.gelu has an argument approximate.",
        'F.gelu(F.linear(modulated_norm(x, shift, scale), …), approximate="tanh"), one more '
        "F.linear, then x + gate * ….",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "shift", "scale", "gate"),
    atol=1e-4,  # a sum over channels, divided by their spread
)
