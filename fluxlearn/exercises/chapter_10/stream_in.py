"""One stream's way into attention: what it reads, and the queries, keys and values it brings.

    q, k, v = heads(W_qkv · ((1 + scale) · norm(x) + shift) + b_qkv)
    q, k    = rms_norm(q), rms_norm(k)

weights are one stream's, by their names in a checkpoint: attn.qkv.weight, attn.qkv.bias,
attn.norm.query_norm.scale and attn.norm.key_norm.scale, whose length is head_dim. Your
`modulated_norm`, `split_heads` and `rms_norm` do the parts.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.chapter_08.modulated_norm import modulated_norm
from fluxlearn.exercises.chapter_09.rms_norm import rms_norm
from fluxlearn.exercises.chapter_09.split_heads import split_heads
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Weights = Mapping[str, Tensor]
DIM, HEADS = 8, 2  # of random streams


def stream_in(
    x: Float[Tensor, "batch seq dim"],
    shift: Float[Tensor, "batch 1 dim"],
    scale: Float[Tensor, "batch 1 dim"],
    weights: Weights,
) -> Float[Tensor, "qkv batch head seq head_dim"]:
    """What `fluxlearn.model.double_block.enter_attention` computes."""
    read = modulated_norm(x, shift, scale)
    query_scale, key_scale = (weights[f"attn.norm.{name}_norm.scale"] for name in ("query", "key"))
    qkv = F.linear(read, weights["attn.qkv.weight"], weights["attn.qkv.bias"])
    q, k, v = split_heads(qkv, x.shape[-1] // len(query_scale))
    return torch.stack([rms_norm(q, query_scale), rms_norm(k, key_scale), v])


def by_torch(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """Queries and keys are normalised in one call; their scales broadcast over heads and tokens."""
    scales = [weights[f"attn.norm.{name}_norm.scale"] for name in ("query", "key")]
    read = torch.addcmul(shift, F.layer_norm(x, x.shape[-1:], eps=1e-6), 1 + scale)
    qkv = read @ weights["attn.qkv.weight"].T + weights["attn.qkv.bias"]
    heads = qkv.unflatten(-1, (3, -1, len(scales[0]))).permute(2, 0, 3, 1, 4)
    normed = F.rms_norm(heads[:2], heads.shape[-1:], eps=1e-6)
    return torch.cat([normed * torch.stack(scales)[:, None, None, None], heads[2:]])


def not_modulated(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """Modulation is missing: time and prompt do not reach attention."""
    return stream_in(x, 0 * shift, 0 * scale, weights)


def not_normalised(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """The stream is not normalised: the LayerNorm comes before the modulation."""
    q, k, v = _raw((1 + scale) * x + shift, weights)
    return torch.stack([_normed(q, "query", weights), _normed(k, "key", weights), v])


def not_equally_long(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """The QK norm is missing: queries and keys have the size that the linear layer gave them."""
    return _raw(modulated_norm(x, shift, scale), weights)


def normalised_before_heads(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """The QK norm is over all heads at once: it is over the channels of one."""
    q, k, v = _raw(modulated_norm(x, shift, scale), weights)
    sizes = [h.square().mean(dim=(1, 3), keepdim=True).add(1e-6).rsqrt() for h in (q, k)]
    scales = [weights[f"attn.norm.{name}_norm.scale"] for name in ("query", "key")]
    return torch.stack([q * sizes[0] * scales[0], k * sizes[1] * scales[1], v])


def values_normed(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """Values are normalised too: how much a token has to give would be lost."""
    q, k, v = stream_in(x, shift, scale, weights)
    return torch.stack([q, k, rms_norm(v, torch.ones(v.shape[-1]))])


def one_norm(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """Queries and keys share a scale: each has its own."""
    names = "attn.norm.query_norm.scale", "attn.norm.key_norm.scale"
    return stream_in(x, shift, scale, {**weights, names[1]: weights[names[0]]})


def no_bias(x: Tensor, shift: Tensor, scale: Tensor, weights: Weights) -> Tensor:
    """The bias is missing: the linear layer of queries, keys and values has one in FLUX.1."""
    none = {"attn.qkv.bias": torch.zeros_like(weights["attn.qkv.bias"])}
    return stream_in(x, shift, scale, {**weights, **none})


def draw_stream(generator: torch.Generator) -> dict[str, Tensor]:
    """Random weights of one stream of a double block, by their names in a checkpoint."""
    hidden, head_dim = 4 * DIM, DIM // HEADS
    shapes = {
        "mod.lin": (6 * DIM, DIM),
        "attn.qkv": (3 * DIM, DIM),
        "attn.proj": (DIM, DIM),
        "mlp.0": (hidden, DIM),
        "mlp.2": (DIM, hidden),
    }
    drawn = {f"attn.norm.{name}_norm.scale": (head_dim,) for name in ("query", "key")}
    for layer, shape in shapes.items():
        drawn |= {f"{layer}.weight": shape, f"{layer}.bias": shape[:1]}
    return {
        name: torch.randn(shape, generator=generator) / shape[-1] ** (0.5 * (len(shape) - 1))
        for name, shape in drawn.items()
    }


def _raw(read: Tensor, weights: Weights) -> Tensor:
    """Queries, keys and values as the linear layer makes them."""
    qkv = F.linear(read, weights["attn.qkv.weight"], weights["attn.qkv.bias"])
    return split_heads(qkv, read.shape[-1] // len(weights["attn.norm.query_norm.scale"]))


def _normed(heads: Tensor, name: str, weights: Weights) -> Tensor:
    return rms_norm(heads, weights[f"attn.norm.{name}_norm.scale"])


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """A stream of five tokens."""
    x, shift, scale = (torch.randn(2, tokens, DIM, generator=generator) for tokens in (5, 1, 1))
    return 3 * x + 1, shift, scale, draw_stream(generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """The picture's stream as it enters the first block."""
    names = ("resid_pre", "mod.shift1", "mod.scale1")
    x, shift, scale = (trained.seen[f"double.0.img.{name}"] for name in names)
    return x, shift, scale, trained.weights("double_blocks.0.img_")


EXERCISE = Exercise(
    solution=stream_in,
    other=by_torch,
    mistakes=(
        not_modulated,
        not_normalised,
        not_equally_long,
        normalised_before_heads,
        values_normed,
        one_norm,
        no_bias,
    ),
    hints=(
        "Parts that you have written already: norm and modulation, a linear layer, heads, norm.",
        "F.linear(modulated_norm(x, shift, scale), …) has queries, keys and values in one piece.",
        "split_heads(qkv, x.shape[-1] // head_dim), then rms_norm for q and k with their scales; "
        "torch.stack([q, k, v]).",
    ),
    returns="[3, batch, head, seq, head_dim]: q, k and v",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "shift", "scale"),
    atol=1e-4,  # two norms in a row, each a division by a sum over channels
)
