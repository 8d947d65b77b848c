"""The whole double-stream block, out of the parts that you have.

    shift₁, scale₁, gate₁, shift₂, scale₂, gate₂ = modulation(vec)       each stream
    q, k, v = stream_in(x, shift₁, scale₁)                               each stream
    z       = joint_attention(text, image)                               the two together
    x       = stream_out(x, z, gate₁)                                    each stream
    x       = think(x, shift₂, scale₂, gate₂)                            each stream

weights are each stream's own, by their names in a checkpoint without img_ or txt_: mod.lin.weight,
mod.lin.bias, attn.…, mlp.…. Rotations are in the order of the joint sequence, text first.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.config import PRESETS, FluxConfig
from fluxlearn.exercises.chapter_08.modulation import modulation
from fluxlearn.exercises.chapter_09.joint_attention import (
    each_for_itself,
    image_first,
    joint_attention,
)
from fluxlearn.exercises.chapter_10.stream_in import DIM, HEADS, draw_stream, stream_in
from fluxlearn.exercises.chapter_10.stream_out import stream_out
from fluxlearn.exercises.chapter_10.think import think
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.double_block import DoubleStreamBlock
from fluxlearn.model.rope import rope

Weights = Mapping[str, Tensor]
Pair = tuple[Tensor, Tensor]


def double_block(
    img: Float[Tensor, "batch img dim"],
    txt: Float[Tensor, "batch txt dim"],
    vec: Float[Tensor, "batch dim"],
    rotations: Float[Tensor, "_ 1 seq pair 2 2"],
    img_weights: Weights,
    txt_weights: Weights,
) -> tuple[Float[Tensor, "batch img dim"], Float[Tensor, "batch txt dim"]]:
    """What `fluxlearn.model.double_block.DoubleStreamBlock` computes."""
    img_mod, txt_mod = (
        modulation(vec, weights["mod.lin.weight"], weights["mod.lin.bias"], branches=2)
        for weights in (img_weights, txt_weights)
    )

    img_heads = stream_in(img, img_mod[0], img_mod[1], img_weights)
    txt_heads = stream_in(txt, txt_mod[0], txt_mod[1], txt_weights)
    txt_z, img_z = joint_attention(txt_heads, img_heads, rotations)

    img = stream_out(img, img_z, img_mod[2], img_weights)
    img = think(img, img_mod[3], img_mod[4], img_mod[5], img_weights)

    txt = stream_out(txt, txt_z, txt_mod[2], txt_weights)
    txt = think(txt, txt_mod[3], txt_mod[4], txt_mod[5], txt_weights)
    return img, txt


def by_the_package(img: Tensor, txt: Tensor, vec: Tensor, rotations: Tensor, *weights: Any) -> Pair:
    """The package's own block, with these weights in the place of its own."""
    block = DoubleStreamBlock(_sizes(img.shape[-1], 2 * rotations.shape[-3]))
    streams = zip(("img", "txt"), weights, strict=True)
    named = {f"{s}_{name}": weight for s, own in streams for name, weight in own.items()}
    return torch.func.functional_call(block, named, (img, txt, vec, rotations))


def text_left_behind(img: Tensor, txt: Tensor, *others: Any) -> Pair:
    """The text leaves as it came: it is a stream too, and the next block reads it."""
    return double_block(img, txt, *others)[0], txt


def picture_came_first(*given: Any) -> Pair:
    """The picture stands first where the streams meet: rotations then turn the wrong tokens."""
    return _meeting_by(image_first, *given)


def never_met(*given: Any) -> Pair:
    """Each stream attends to itself: the prompt never reaches the picture."""
    return _meeting_by(each_for_itself, *given)


def not_turned(img: Tensor, txt: Tensor, vec: Tensor, rotations: Tensor, *weights: Any) -> Pair:
    """Queries and keys are not turned: no token knows where it is."""
    return double_block(img, txt, vec, torch.eye(2).expand_as(rotations), *weights)


def one_set_of_weights(*given: Any) -> Pair:
    """Both streams go through the picture's weights: text has its own."""
    img, txt, vec, rotations, weights, _ = given
    return double_block(img, txt, vec, rotations, weights, weights)


def halves_exchanged(*given: Any) -> Pair:
    """Attention has the MLP's shift, scale and gate, and the MLP attention's: first attention's."""
    img, txt, vec, rotations, *weights = given
    img_weights, txt_weights = (_halves_exchanged(own) for own in weights)
    return double_block(img, txt, vec, rotations, img_weights, txt_weights)


def mlp_beside_attention(*given: Any) -> Pair:
    """The MLP reads the stream as it came: here it follows attention (single blocks do that)."""
    img, txt, vec, _, *weights = given
    mids = double_block(*given[:4], *(_without_mlp(own) for own in weights))
    img, txt = (
        mid + think(x, *_modulation(vec, own)[3:], own) - x
        for mid, x, own in zip(mids, (img, txt), weights, strict=True)
    )
    return img, txt


def text_returned_first(*given: Any) -> Pair:
    """The streams come back in the wrong order: a block gives img, txt (diffusers' txt, img)."""
    img, txt = double_block(*given)
    return txt, img


def _modulation(vec: Tensor, weights: Weights) -> tuple[Tensor, ...]:
    return modulation(vec, weights["mod.lin.weight"], weights["mod.lin.bias"], branches=2)


def _halves_exchanged(weights: Weights) -> Weights:
    names = ("mod.lin.weight", "mod.lin.bias")
    return {**weights, **{name: weights[name].roll(len(weights[name]) // 2, 0) for name in names}}


def _without_mlp(weights: Weights) -> Weights:
    names = ("mlp.2.weight", "mlp.2.bias")
    return {**weights, **{name: 0 * weights[name] for name in names}}


def _meeting_by(attend: Callable[..., Pair], *given: Any) -> Pair:
    """The block with another attention."""
    img, txt, vec, rotations, *weights = given
    mods = [_modulation(vec, own) for own in weights]
    heads = [
        stream_in(x, mod[0], mod[1], own)
        for x, mod, own in zip((img, txt), mods, weights, strict=True)
    ]
    txt_z, img_z = attend(heads[1], heads[0], rotations)
    img, txt = (
        think(stream_out(x, z, mod[2], own), *mod[3:], own)
        for x, z, mod, own in zip((img, txt), (img_z, txt_z), mods, weights, strict=True)
    )
    return img, txt


def _sizes(dim: int, head_dim: int) -> FluxConfig:
    """A config whose double blocks have these sizes."""
    axes = {"axes_dim": (head_dim,), "num_heads": dim // head_dim}
    return replace(PRESETS["flux-dev"], hidden_size=dim, **axes)


def inputs(generator: torch.Generator) -> tuple[Any, ...]:
    """Five image tokens and three text tokens, which all sit at position 0."""
    img, txt, vec = (
        torch.randn(shape, generator=generator) for shape in ((2, 5, DIM), (2, 3, DIM), (2, DIM))
    )
    positions = torch.cat([torch.zeros(3), torch.randint(1, 20, (5,), generator=generator)])
    rotations = rope(positions[None], DIM // HEADS, 10_000)[:, None]
    return img, txt, vec, rotations, draw_stream(generator), draw_stream(generator)


def recorded(trained: Trained) -> tuple[Any, ...]:
    """Both streams as they enter the first block."""
    streams = (trained.seen[f"double.0.{stream}.resid_pre"] for stream in ("img", "txt"))
    weights = (trained.weights(f"double_blocks.0.{stream}_") for stream in ("img", "txt"))
    return *streams, trained.seen["vec"], trained.seen["pe"], *weights


EXERCISE = Exercise(
    solution=double_block,
    other=by_the_package,
    mistakes=(
        text_left_behind,
        picture_came_first,
        never_met,
        not_turned,
        one_set_of_weights,
        halves_exchanged,
        mlp_beside_attention,
        text_returned_first,
    ),
    hints=(
        "Write the five lines above for the picture, then for the text; only the third is one.",
        "modulation(vec, weights['mod.lin.weight'], weights['mod.lin.bias'], 2) has six parts.",
        "txt_z, img_z = joint_attention(txt_heads, img_heads, rotations), then stream_out with the "
        "third part and think with the last three.",
    ),
    returns="img and txt, as they leave the block",
    inputs=inputs,
    recorded=recorded,
    gradients=("img", "txt", "vec"),
    atol=1e-4,  # four norms and four sums in a row
)
