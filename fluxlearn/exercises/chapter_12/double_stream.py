"""A whole double-stream block, as a function of its weights.

    q, k, v = heads(modulate(norm(x)))              each stream, its own weights
    z       = attention(text ++ image)              one softmax over both
    x       = x + gate₁ · proj(z)                   each stream
    x       = x + gate₂ · mlp(modulate(norm(x)))    each stream

weights are the block's own, by their keys: `img_mod.lin.weight`, `img_attn.qkv.bias`,
`img_attn.norm.query_norm.scale`, `img_mlp.0.weight`, … and the same with `txt_`. How many heads
there are can be told from pe, [1, 1, seq, pair, 2, 2]: a head has 2 · pair channels.
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
from fluxlearn.model.double_block import DoubleStreamBlock
from fluxlearn.model.modulation import modulate
from fluxlearn.model.rope import rotate
from fluxlearn.trace.edit import edit

Pair = tuple[Tensor, Tensor]


def double_stream(
    img: Float[Tensor, "batch img dim"],
    txt: Float[Tensor, "batch txt dim"],
    vec: Float[Tensor, "batch dim"],
    pe: Float[Tensor, "_ 1 seq pair 2 2"],
    weights: Weights,
) -> tuple[Float[Tensor, "batch img dim"], Float[Tensor, "batch txt dim"]]:
    """Both streams enter one attention; everything else each does for itself."""

    def linear(x: Tensor, layer: str) -> Tensor:
        return F.linear(x, weights[f"{layer}.weight"], weights[f"{layer}.bias"])

    def norm(x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], eps=1e-6)

    streams, mods, heads = {"txt": txt, "img": img}, {}, {}
    for name, x in streams.items():
        mods[name] = linear(F.silu(vec), f"{name}_mod.lin")[:, None].chunk(6, dim=-1)
        shift, scale = mods[name][:2]
        qkv = linear(modulate(norm(x), shift, scale), f"{name}_attn.qkv")
        q, k, v = split_heads(qkv, x.shape[-1] // (2 * pe.shape[3]))
        of_q, of_k = (weights[f"{name}_attn.norm.{n}_norm.scale"] for n in ("query", "key"))
        q, k = F.rms_norm(q, of_q.shape, of_q, 1e-6), F.rms_norm(k, of_k.shape, of_k, 1e-6)
        heads[name] = q, k, v

    q, k, v = (torch.cat(both, dim=2) for both in zip(heads["txt"], heads["img"], strict=True))
    z = F.scaled_dot_product_attention(rotate(q, pe), rotate(k, pe), v)
    z = rearrange(z, "batch head seq head_dim -> batch seq (head head_dim)")

    for name, part in zip(streams, z.split([txt.shape[1], img.shape[1]], dim=1), strict=True):
        _, _, gate1, shift, scale, gate2 = mods[name]
        x = streams[name] + gate1 * linear(part, f"{name}_attn.proj")
        hidden = linear(modulate(norm(x), shift, scale), f"{name}_mlp.0")
        streams[name] = x + gate2 * linear(F.gelu(hidden, approximate="tanh"), f"{name}_mlp.2")
    return streams["img"], streams["txt"]


def by_the_package(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """The package's module, loaded with the weights."""
    return built(DoubleStreamBlock, weights, pe)(img, txt, vec, pe)


def streams_apart(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """Each stream attends only to itself: there is one softmax, over text and picture together."""
    block = built(DoubleStreamBlock, weights, pe)
    is_img = torch.arange(txt.shape[1] + img.shape[1]) >= txt.shape[1]
    apart = torch.zeros(len(is_img), len(is_img))
    apart[is_img[:, None] != is_img] = -torch.inf
    with edit(block, {"attn.mask": apart}):
        return block(img, txt, vec, pe)


def image_first(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """The picture stands first in attention, so each token gets another's rotation: text comes
    first."""
    exchanged = {"img": "txt", "txt": "img"}
    theirs = {f"{exchanged[key[:3]]}{key[3:]}": value for key, value in weights.items()}
    # Keys must keep the package's order, in which the picture's stand first.
    block = built(DoubleStreamBlock, {key: theirs[key] for key in weights}, pe)
    txt, img = block(txt, img, vec, pe)
    return img, txt


def not_turned(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """Queries and keys are not turned: without pe no token knows its place."""
    return by_the_package(img, txt, vec, torch.eye(2).expand_as(pe), weights)


def not_normalised(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """Queries and keys are not normalised: RMSNorm comes after the heads are split, before pe."""
    block, raw = built(DoubleStreamBlock, weights, pe), {}
    names = [f"{stream}.{name}" for stream in ("img", "txt") for name in "qk"]
    keep = {f"{name}_raw": lambda x, at: raw.setdefault(at.point, x) for name in names}
    put_back = {name: lambda x, at: raw[f"{at.point}_raw"] for name in names}
    with edit(block, keep | put_back):
        return block(img, txt, vec, pe)


def no_gates(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """The gates are missing: what a branch found is multiplied by its gate before it is added."""
    block = built(DoubleStreamBlock, weights, pe)
    with edit(block, {"*.mod.gate?": lambda gate, at: torch.ones_like(gate)}):
        return block(img, txt, vec, pe)


def text_as_it_came(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """The text leaves as it came: its stream is written to as well."""
    return double_stream(img, txt, vec, pe, weights)[0], txt


def text_returned_first(
    img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights
) -> Pair:
    """The text is given back first, as in diffusers: here the picture is."""
    img, txt = double_stream(img, txt, vec, pe, weights)
    return txt, img


def mods_exchanged(img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, weights: Weights) -> Pair:
    """Attention has the MLP's modulation and the MLP has attention's: the first three parts belong
    to attention."""
    mods = {key: torch.cat(value.chunk(2)[::-1]) for key, value in weights.items() if "_mod" in key}
    return double_stream(img, txt, vec, pe, weights | mods)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Weights]:
    """A block of width 16 with two heads."""
    img, txt = draw_tokens(IMG, generator), draw_tokens(TXT, generator)
    weights = draw_weights(DoubleStreamBlock, generator)
    return img, txt, draw_vec(generator), draw_rotations(generator), weights


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, Tensor, Weights]:
    """toy-dev's first block and what enters it."""
    img, txt, vec, pe = (trained.seen[n] for n in ("embed.img", "embed.txt", "vec", "pe"))
    return img, txt, vec, pe, dict(trained.pipe.flux.double_blocks[0].state_dict())


EXERCISE = Exercise(
    solution=double_stream,
    other=by_the_package,
    mistakes=(
        streams_apart,
        image_first,
        not_turned,
        not_normalised,
        no_gates,
        text_as_it_came,
        text_returned_first,
        mods_exchanged,
    ),
    hints=(
        "All of it is in chapters 07 to 10: your functions, or the package's, take the weights "
        "from the dictionary.",
        "Write linear(x, name) first: F.linear(x, weights[name + '.weight'], weights[name + "
        "'.bias']). Then a loop over 'txt' and 'img' for the way in, and one for the way out.",
        "q, k, v by split_heads and F.rms_norm; torch.cat text first; rotate; "
        "F.scaled_dot_product_attention; split; x + gate1 * proj(z); x + gate2 * mlp(…).",
    ),
    returns="img and txt, as they leave the block",
    inputs=inputs,
    recorded=recorded,
    gradients=("img", "txt", "vec"),
    atol=1e-4,  # a stream of some tens, summed in another order
)
