"""The whole single-stream block: attention and MLP side by side, between two fused layers.

    shift, scale, gate = modulation(vec)
    qkv, h = split(linear1((1 + scale) · norm(x) + shift))      3 · dim channels, and the rest
    q, k   = R · rms_norm(q), R · rms_norm(k)
    z      = softmax_attention(q, k, v)
    x      = x + gate · linear2(z ++ gelu(h))                   gelu in its tanh form

x holds text and picture, text first. weights have their names in a checkpoint: modulation.lin.…,
linear1.…, linear2.… (each .weight and .bias), norm.query_norm.scale and norm.key_norm.scale.
`fluxlearn.model.rope.rotate` turns.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.config import PRESETS
from fluxlearn.exercises.chapter_08.modulated_norm import modulated_norm
from fluxlearn.exercises.chapter_08.modulation import modulation
from fluxlearn.exercises.chapter_09.rms_norm import rms_norm
from fluxlearn.exercises.chapter_09.softmax_attention import softmax_attention
from fluxlearn.exercises.chapter_09.split_heads import split_heads
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.rope import rope, rotate
from fluxlearn.model.single_block import SingleStreamBlock

Weights = Mapping[str, Tensor]
DIM, HEADS = 8, 2  # of the random block


def single_block(
    x: Float[Tensor, "batch seq dim"],
    vec: Float[Tensor, "batch dim"],
    rotations: Float[Tensor, "_ 1 seq pair 2 2"],
    weights: Weights,
) -> Float[Tensor, "batch seq dim"]:
    """What `fluxlearn.model.single_block.SingleStreamBlock` computes."""
    of_q, of_k = weights["norm.query_norm.scale"], weights["norm.key_norm.scale"]
    layers = ("modulation.lin", "linear1", "linear2")
    mod, first, second = ((weights[f"{n}.weight"], weights[f"{n}.bias"]) for n in layers)

    shift, scale, gate = modulation(vec, *mod, branches=1)
    wide = F.linear(modulated_norm(x, shift, scale), *first)
    qkv, hidden = wide.tensor_split([3 * x.shape[-1]], dim=-1)

    q, k, v = split_heads(qkv, x.shape[-1] // len(of_q))
    q, k = rotate(rms_norm(q, of_q), rotations), rotate(rms_norm(k, of_k), rotations)
    z = rearrange(
        softmax_attention(q, k, v), "batch head seq head_dim -> batch seq (head head_dim)"
    )

    both = torch.cat([z, F.gelu(hidden, approximate="tanh")], dim=-1)
    return x + gate * F.linear(both, *second)


def by_the_package(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """The package's own block, with these weights in the place of its own."""
    dim, head_dim = x.shape[-1], 2 * rotations.shape[-3]
    sizes = {"hidden_size": dim, "num_heads": dim // head_dim, "axes_dim": (head_dim,)}
    block = SingleStreamBlock(replace(PRESETS["flux-dev"], **sizes))
    return torch.func.functional_call(block, dict(weights), (x, vec, rotations))


def one_after_the_other(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """The MLP waits for attention, as in a double block: both read the stream as it came."""
    no_mlp = _columns(weights, lambda heads, mlp: (heads, 0 * mlp))
    mid = single_block(x, vec, rotations, no_mlp)
    no_heads = _columns(weights, lambda heads, mlp: (0 * heads, mlp))
    only_mlp = {**no_heads, "linear2.bias": 0 * weights["linear2.bias"]}
    return single_block(mid, vec, rotations, only_mlp)


def mlp_past_the_gate(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """The gate is on attention alone: it multiplies all that the block adds."""
    no_mlp = _columns(weights, lambda heads, mlp: (heads, 0 * mlp))
    attended = single_block(x, vec, rotations, no_mlp)
    gate = _modulation(vec, weights)[2]
    return attended + (single_block(x, vec, rotations, weights) - attended) / gate


def mlp_first(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """The neurons stand before what attention gathered: linear2 reads z first."""
    weight, dim = weights["linear2.weight"], x.shape[-1]
    rolled = {"linear2.weight": weight.roll(dim - weight.shape[1], dims=1)}
    return single_block(x, vec, rotations, {**weights, **rolled})


def not_normed(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """The QK norm is missing: single blocks have it too."""
    return _with(x, vec, rotations, weights, norm=lambda heads, scale: heads)


def not_turned(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """Queries and keys are not turned: no token knows where it is."""
    return single_block(x, vec, torch.eye(2).expand_as(rotations), weights)


def exact_gelu(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """This is the exact GELU: FLUX was trained with the tanh form, which is a little off it."""
    return _with(x, vec, rotations, weights, bend=lambda z, hidden: (z, F.gelu(hidden)))


def heads_bent_too(x: Tensor, vec: Tensor, rotations: Tensor, weights: Weights) -> Tensor:
    """GELU goes over what attention gathered as well: it belongs to the MLP's channels alone."""
    return _with(x, vec, rotations, weights, bend=lambda *both: (_gelu(part) for part in both))


def _gelu(hidden: Tensor) -> Tensor:
    return F.gelu(hidden, approximate="tanh")


def _modulation(vec: Tensor, weights: Weights) -> tuple[Tensor, ...]:
    return modulation(vec, weights["modulation.lin.weight"], weights["modulation.lin.bias"], 1)


def _columns(weights: Weights, change: Callable[..., Any]) -> dict[str, Tensor]:
    """The same weights but for the columns of linear2: those of the heads, those of the MLP."""
    parts = weights["linear2.weight"].tensor_split([len(weights["linear2.bias"])], dim=1)
    return {**weights, "linear2.weight": torch.cat(tuple(change(*parts)), dim=1)}


def _with(
    x: Tensor,
    vec: Tensor,
    rotations: Tensor,
    weights: Weights,
    norm: Callable[..., Tensor] = rms_norm,
    bend: Callable[..., Any] = lambda z, hidden: (z, _gelu(hidden)),
) -> Tensor:
    """The block with another norm of queries and keys, or another activation."""
    shift, scale, gate = _modulation(vec, weights)
    read = modulated_norm(x, shift, scale)
    wide = F.linear(read, weights["linear1.weight"], weights["linear1.bias"])
    qkv, hidden = wide.tensor_split([3 * x.shape[-1]], dim=-1)
    q, k, v = split_heads(qkv, x.shape[-1] // len(weights["norm.query_norm.scale"]))
    q = rotate(norm(q, weights["norm.query_norm.scale"]), rotations)
    k = rotate(norm(k, weights["norm.key_norm.scale"]), rotations)
    z = softmax_attention(q, k, v).transpose(1, 2).flatten(2)
    both = torch.cat(tuple(bend(z, hidden)), dim=-1)
    return x + gate * F.linear(both, weights["linear2.weight"], weights["linear2.bias"])


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """Eight tokens, the first three of them at position 0."""
    x, vec = (torch.randn(shape, generator=generator) for shape in ((2, 8, DIM), (2, DIM)))
    positions = torch.cat([torch.zeros(3), torch.randint(1, 20, (5,), generator=generator)])
    return x, vec, rope(positions[None], DIM // HEADS, 10_000)[:, None], _draw(generator)


def _draw(generator: torch.Generator) -> dict[str, Tensor]:
    layers = {
        "modulation.lin": (3 * DIM, DIM),
        "linear1": (3 * DIM + 4 * DIM, DIM),
        "linear2": (DIM, DIM + 4 * DIM),
    }
    shapes: dict[str, tuple[int, ...]] = {
        f"norm.{name}_norm.scale": (DIM // HEADS,) for name in ("query", "key")
    }
    for layer, shape in layers.items():
        shapes |= {f"{layer}.weight": shape, f"{layer}.bias": shape[:1]}
    return {
        name: torch.randn(shape, generator=generator) / (shape[1] ** 0.5 if shape[1:] else 1)
        for name, shape in shapes.items()
    }


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """The joint stream as it enters the first single block."""
    x, vec, rotations = (trained.seen[name] for name in ("single.0.resid_pre", "vec", "pe"))
    return x, vec, rotations, trained.weights("single_blocks.0.")


EXERCISE = Exercise(
    solution=single_block,
    other=by_the_package,
    mistakes=(
        one_after_the_other,
        mlp_past_the_gate,
        mlp_first,
        not_normed,
        not_turned,
        exact_gelu,
        heads_bent_too,
    ),
    hints=(
        "All parts are in chapters 08 and 09; new are two cuts: after linear1 and before linear2.",
        "wide.tensor_split([3 * dim], dim=-1) cuts; torch.cat([z, gelu(h)], dim=-1) joins.",
        "x + gate * F.linear(torch.cat([z, F.gelu(h, approximate='tanh')], dim=-1), …), with z as "
        "[batch, seq, dim].",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "vec"),
    atol=1e-4,  # three norms and two long sums in a row
)
