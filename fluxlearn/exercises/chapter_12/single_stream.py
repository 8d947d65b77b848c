"""A whole single-stream block, as a function of its weights.

    qkv, h = split(linear1(modulate(norm(x))))      3 · dim and 4 · dim wide
    z      = attention(qkv)
    x      = x + gate · linear2(z ++ gelu(h))

weights are the block's own, by their keys: `modulation.lin.weight`, `linear1.weight`,
`norm.query_norm.scale`, `linear2.bias`, … A head has 2 · pair channels, as pe tells.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.drawn import (
    IMG,
    TXT,
    Weights,
    built,
    draw_rotations,
    draw_tokens,
    draw_vec,
    draw_weights,
)
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.attention import split_heads
from fluxlearn.model.modulation import modulate
from fluxlearn.model.rope import rotate
from fluxlearn.model.single_block import SingleStreamBlock
from fluxlearn.trace.edit import edit


def single_stream(
    x: Float[Tensor, "batch seq dim"],
    vec: Float[Tensor, "batch dim"],
    pe: Float[Tensor, "_ 1 seq pair 2 2"],
    weights: Weights,
) -> Float[Tensor, "batch seq dim"]:
    """Attention and MLP read the same input and write together."""

    def linear(x: Tensor, layer: str) -> Tensor:
        return F.linear(x, weights[f"{layer}.weight"], weights[f"{layer}.bias"])

    dim = x.shape[-1]
    shift, scale, gate = linear(F.silu(vec), "modulation.lin")[:, None].chunk(3, dim=-1)
    normed = F.layer_norm(x, (dim,), eps=1e-6)
    qkv, hidden = linear(modulate(normed, shift, scale), "linear1").split([3 * dim, 4 * dim], -1)

    q, k, v = split_heads(qkv, dim // (2 * pe.shape[3]))
    of_q, of_k = weights["norm.query_norm.scale"], weights["norm.key_norm.scale"]
    q, k = F.rms_norm(q, of_q.shape, of_q, 1e-6), F.rms_norm(k, of_k.shape, of_k, 1e-6)
    z = F.scaled_dot_product_attention(rotate(q, pe), rotate(k, pe), v)
    z = rearrange(z, "batch head seq head_dim -> batch seq (head head_dim)")

    both = torch.cat([z, F.gelu(hidden, approximate="tanh")], dim=-1)
    return x + gate * linear(both, "linear2")


def by_the_package(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """The package's module, loaded with the weights."""
    return built(SingleStreamBlock, weights, pe)(x, vec, pe)


def sequential(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """The MLP waits for what attention has written: here both read the same input."""
    block = built(SingleStreamBlock, weights, pe)
    with edit(block, {"mlp_act": lambda act, at: 0 * act}):
        x = block(x, vec, pe)
    block = built(SingleStreamBlock, weights | {"linear2.bias": 0 * weights["linear2.bias"]}, pe)
    with edit(block, {"z": lambda z, at: 0 * z}):
        return block(x, vec, pe)


def mlp_first(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """The MLP's neurons stand before attention in what linear2 reads: attention comes first."""
    rolled = weights["linear2.weight"].roll(x.shape[-1], dims=1)
    return single_stream(x, vec, pe, weights | {"linear2.weight": rolled})


def mlp_cut_first(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """The first rows of linear1 are taken for the MLP: queries, keys and values come first."""
    rows = 3 * x.shape[-1]
    rolled = {f"linear1.{n}": weights[f"linear1.{n}"].roll(rows, 0) for n in ("weight", "bias")}
    return single_stream(x, vec, pe, weights | rolled)


def no_gate(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """The gate is missing: what linear2 gives is multiplied by it."""
    block = built(SingleStreamBlock, weights, pe)
    with edit(block, {"mod.gate": lambda gate, at: torch.ones_like(gate)}):
        return block(x, vec, pe)


def no_residual(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """The stream itself is lost: the block adds to it."""
    return single_stream(x, vec, pe, weights) - x


def not_turned(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """Queries and keys are not turned: without pe no token knows its place."""
    return by_the_package(x, vec, torch.eye(2).expand_as(pe), weights)


def not_normalised(x: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Tensor:
    """Queries and keys are not normalised: RMSNorm comes after the heads are split, before pe."""
    block, raw = built(SingleStreamBlock, weights, pe), {}
    keep = {f"{name}_raw": lambda x, at: raw.setdefault(at.point, x) for name in "qk"}
    put_back = {name: lambda x, at: raw[f"{at.point}_raw"] for name in "qk"}
    with edit(block, keep | put_back):
        return block(x, vec, pe)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """A block of width 16 with two heads."""
    x, vec = draw_tokens(TXT + IMG, generator), draw_vec(generator)
    return x, vec, draw_rotations(generator), draw_weights(SingleStreamBlock, generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, Weights]:
    """toy-dev's first single block and the stream that enters it."""
    x, vec, pe = (trained.seen[name] for name in ("stream", "vec", "pe"))
    return x, vec, pe, dict(trained.pipe.flux.single_blocks[0].state_dict())


EXERCISE = Exercise(
    solution=single_stream,
    other=by_the_package,
    mistakes=(
        sequential,
        mlp_first,
        mlp_cut_first,
        no_gate,
        no_residual,
        not_turned,
        not_normalised,
    ),
    hints=(
        "Half as many lines as the double block: one stream, one modulation, two linear layers.",
        "linear1(…).split([3 * dim, 4 * dim], dim=-1) gives qkv and what the MLP bends.",
        "x + gate * linear2(torch.cat([z, F.gelu(hidden, approximate='tanh')], dim=-1))",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "vec"),
    atol=1e-4,  # a stream of some tens, summed in another order
)
