"""From the stream to a velocity: a last norm, a last modulation, and a projection.

    [β, γ] = adaLN_modulation.1 (silu(vec))          two parts, β first; no gate
    v      = linear ((1 + γ) · norm(x) + β)

weights are the layer's own, by their keys: `linear.weight`, `linear.bias`,
`adaLN_modulation.1.weight` and `adaLN_modulation.1.bias`.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.drawn import IMG, Weights, draw_tokens, draw_vec, draw_weights
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.last_layer import LastLayer
from fluxlearn.model.modulation import modulate


def last_layer(
    x: Float[Tensor, "batch img dim"], vec: Float[Tensor, "batch dim"], weights: Weights
) -> Float[Tensor, "batch img patch"]:
    """What `fluxlearn.model.last_layer.LastLayer` computes."""
    mod, out = "adaLN_modulation.1", "linear"
    parts = F.linear(F.silu(vec), weights[f"{mod}.weight"], weights[f"{mod}.bias"])
    shift, scale = parts[:, None].chunk(2, dim=-1)
    normed = F.layer_norm(x, x.shape[-1:], eps=1e-6)
    return F.linear(
        modulate(normed, shift, scale), weights[f"{out}.weight"], weights[f"{out}.bias"]
    )


def by_products(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """Every matrix product and every moment by hand."""
    bend, project = weights["adaLN_modulation.1.weight"], weights["linear.weight"]
    parts = (vec * vec.sigmoid()) @ bend.T + weights["adaLN_modulation.1.bias"]
    shift, scale = parts.unflatten(-1, (2, 1, -1)).unbind(dim=1)
    centred = x - x.mean(dim=-1, keepdim=True)
    normed = centred * torch.rsqrt(centred.square().mean(dim=-1, keepdim=True) + 1e-6)
    return (normed + scale * normed + shift) @ project.T + weights["linear.bias"]


def scale_before_shift(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """The first half is taken for the scale, as diffusers stores it: in these weights it is the
    shift."""
    turned = {
        key: torch.cat(value.chunk(2)[::-1]) if key.startswith("adaLN") else value
        for key, value in weights.items()
    }
    return last_layer(x, vec, turned)


def no_activation(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """SiLU is missing: vec goes through it before the modulation's linear layer."""
    mod = "adaLN_modulation.1"
    shift, scale = F.linear(vec, weights[f"{mod}.weight"], weights[f"{mod}.bias"])[:, None].chunk(
        2, dim=-1
    )
    normed = F.layer_norm(x, x.shape[-1:], eps=1e-6)
    return F.linear(
        modulate(normed, shift, scale), weights["linear.weight"], weights["linear.bias"]
    )


def scale_alone(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """The stream is multiplied by γ, not by 1 + γ."""
    mod = "adaLN_modulation.1"
    below = weights[f"{mod}.bias"].clone()
    below[len(below) // 2 :] -= 1
    return last_layer(x, vec, weights | {f"{mod}.bias": below})


def not_normalised(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """The norm is missing: the stream is as large as all that was written to it."""
    mod = "adaLN_modulation.1"
    parts = F.linear(F.silu(vec), weights[f"{mod}.weight"], weights[f"{mod}.bias"])
    shift, scale = parts[:, None].chunk(2, dim=-1)
    return F.linear(modulate(x, shift, scale), weights["linear.weight"], weights["linear.bias"])


def not_modulated(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """The last modulation is missing: this layer listens to vec as every block does."""
    normed = F.layer_norm(x, x.shape[-1:], eps=1e-6)
    return F.linear(normed, weights["linear.weight"], weights["linear.bias"])


def no_bias(x: Tensor, vec: Tensor, weights: Weights) -> Tensor:
    """The projection's bias is missing."""
    return last_layer(x, vec, weights) - weights["linear.bias"]


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Weights]:
    """A stream whose channels do not have mean 0, and a layer of width 16."""
    x = 3 * draw_tokens(IMG, generator) + 1
    return x, draw_vec(generator), draw_weights(LastLayer, generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Weights]:
    """toy-dev's last layer and the stream that reaches it."""
    weights = trained.pipe.flux.final_layer.state_dict()
    return trained.seen["final.resid"], trained.seen["vec"], dict(weights)


EXERCISE = Exercise(
    solution=last_layer,
    other=by_products,
    mistakes=(
        scale_before_shift,
        no_activation,
        scale_alone,
        not_normalised,
        not_modulated,
        no_bias,
    ),
    hints=(
        "It is the way into a block, then one more linear layer: chapter 08 has all of it.",
        "F.linear(F.silu(vec), weights['adaLN_modulation.1.weight'], …)[:, None].chunk(2, dim=-1)",
        "Then (1 + scale) * F.layer_norm(x, x.shape[-1:], eps=1e-6) + shift, and F.linear again.",
    ),
    returns="[batch, img, patch]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "vec"),
    atol=1e-4,  # sums over channels, divided by their spread
)
