"""Put the model together: double blocks, one stream out of two, single blocks, the last layer.

    img, txt = block(img, txt, vec)      each of double_blocks
    x        = txt ++ img                text first
    x        = block(x, vec)             each of single_blocks
    v        = last_layer(picture's part of x, vec)

The blocks are functions that are given their weights and rotations already.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.drawn import IMG, TXT, draw_tokens, draw_vec
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Double = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
Layer = Callable[[Tensor, Tensor], Tensor]
Doubles = Sequence[Double]
Singles = Sequence[Layer]


def assemble(
    img: Float[Tensor, "batch img dim"],
    txt: Float[Tensor, "batch txt dim"],
    vec: Float[Tensor, "batch dim"],
    double_blocks: Doubles,
    single_blocks: Singles,
    last_layer: Layer,
) -> Float[Tensor, "batch img _"]:
    """The middle of `Flux.velocity`, without its taps."""
    for block in double_blocks:
        img, txt = block(img, txt, vec)

    x = torch.cat([txt, img], dim=1)
    for block in single_blocks:
        x = block(x, vec)

    return last_layer(x[:, txt.shape[1] :], vec)


def by_folding(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """Blocks as one composed function; the text leaves after the last layer, as each token stands
    for itself there."""
    pair = reduce(lambda streams, block: block(*streams, vec), doubles, (img, txt))
    x = reduce(lambda x, block: block(x, vec), singles, torch.cat(pair[::-1], dim=1))
    return last(x, vec)[:, -img.shape[1] :]


def image_first(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """The picture stands first in the joint stream: text does, as in the rotations."""
    for block in doubles:
        img, txt = block(img, txt, vec)
    x = reduce(lambda x, block: block(x, vec), singles, torch.cat([img, txt], dim=1))
    return last(x[:, : img.shape[1]], vec)


def text_left_out(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """The text leaves before the single blocks: it leaves after them."""
    for block in doubles:
        img, txt = block(img, txt, vec)
    return last(reduce(lambda x, block: block(x, vec), singles, img), vec)


def text_as_it_came(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """What the double blocks made of the text is thrown away: it goes on, from block to block."""
    for block in doubles:
        img, _ = block(img, txt, vec)
    return assemble(img, txt, vec, (), singles, last)


def text_kept(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """The text tokens are still there: only image tokens have a velocity."""
    for block in doubles:
        img, txt = block(img, txt, vec)
    x = reduce(lambda x, block: block(x, vec), singles, torch.cat([txt, img], dim=1))
    return last(x, vec)


def wrong_end(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """The cut is at the wrong end: these are the first tokens of the joint stream, text among
    them."""
    return text_kept(img, txt, vec, doubles, singles, last)[:, : img.shape[1]]


def streams_exchanged(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """A double block's results have changed places: it gives the picture first, though diffusers'
    gives the text first."""
    for block in doubles:
        txt, img = block(img, txt, vec)
    return assemble(img, txt, vec, (), singles, last)


def single_blocks_first(
    img: Tensor, txt: Tensor, vec: Tensor, doubles: Doubles, singles: Singles, last: Layer
) -> Tensor:
    """The single blocks run before the double ones."""
    x = reduce(lambda x, block: block(x, vec), singles, torch.cat([txt, img], dim=1))
    txt, img = x.split([txt.shape[1], img.shape[1]], dim=1)
    return assemble(img, txt, vec, doubles, (), last)


Arguments = tuple[Tensor, Tensor, Tensor, Doubles, Singles, Layer]


def inputs(generator: torch.Generator) -> Arguments:
    """Two double and three single blocks, in which the order of tokens counts."""
    a, b, c = torch.randn(3, 16, generator=generator)

    def double(img: Tensor, txt: Tensor, vec: Tensor) -> tuple[Tensor, Tensor]:
        mean = torch.cat([txt, img], dim=1).mean(dim=1, keepdim=True)
        return img + a * mean + vec[:, None], txt - b * mean

    def single(x: Tensor, vec: Tensor) -> Tensor:
        before, everywhere = x.cumsum(dim=1), x.mean(dim=1, keepdim=True)
        return x + 0.1 * c * (before + everywhere) * vec[:, None]

    def last(x: Tensor, vec: Tensor) -> Tensor:
        return x * vec[:, None]

    img, txt = draw_tokens(IMG, generator), draw_tokens(TXT, generator)
    return img, txt, draw_vec(generator), [double] * 2, [single] * 3, last


def recorded(trained: Trained) -> Arguments:
    """toy-dev's own blocks, and what enters them."""
    seen, flux = trained.seen, trained.pipe.flux

    def double(block: Any) -> Double:
        return lambda img, txt, vec: block(img, txt, vec, seen["pe"])

    def single(block: Any) -> Layer:
        # Without the text, the rotations are those of the picture's tokens.
        return lambda x, vec: block(x, vec, seen["pe"][:, :, -x.shape[1] :])

    def last(x: Tensor, vec: Tensor) -> Tensor:
        return flux.final_layer(x, vec)

    doubles = [double(block) for block in flux.double_blocks]
    singles = [single(block) for block in flux.single_blocks]
    return seen["embed.img"], seen["embed.txt"], seen["vec"], doubles, singles, last


EXERCISE = Exercise(
    solution=assemble,
    other=by_folding,
    mistakes=(
        image_first,
        text_left_out,
        text_as_it_came,
        text_kept,
        wrong_end,
        streams_exchanged,
        single_blocks_first,
    ),
    hints=(
        "Two loops, one torch.cat between them, and one cut at the end.",
        "for block in double_blocks: img, txt = block(img, txt, vec)",
        "x = torch.cat([txt, img], dim=1), the single blocks, x[:, txt.shape[1]:], last_layer.",
    ),
    returns="[batch, img, patch]",
    inputs=inputs,
    recorded=recorded,
    gradients=("img", "txt", "vec"),
    atol=1e-4,  # six blocks of the trained model, one after the other
)
