"""Turn a picture's bytes into what an autoencoder reads.

    x = byte / 127.5 − 1             from 0 … 255 to −1 … 1

levels is [px_h, px_w, rgb], uint8, as image files have it; x is [rgb, px_h, px_w], float32.
"""

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def from_bytes(levels: UInt8[Tensor, "px_h px_w rgb"]) -> Float[Tensor, "rgb px_h px_w"]:
    """`fluxlearn.sampling.picture.from_pil`, with the bytes given."""
    return levels.permute(2, 0, 1) / 127.5 - 1


def by_einops(levels: Tensor) -> Tensor:
    """To 0 … 1 first, then twice as far, and down."""
    return 2 * rearrange(levels, "px_h px_w rgb -> rgb px_h px_w").float() / 255 - 1


def from_zero(levels: Tensor) -> Tensor:
    """The values run from 0 to 1: black is −1 here, and 0 is grey."""
    return levels.permute(2, 0, 1) / 255


def not_divided(levels: Tensor) -> Tensor:
    """The values run from −127.5 to 127.5: divide by 127.5 first."""
    return levels.permute(2, 0, 1) - 127.5


def half_the_range(levels: Tensor) -> Tensor:
    """The values run from −0.5 to 0.5: divide by 127.5, not by 255."""
    return levels.permute(2, 0, 1) / 255 - 0.5


def wrapped(levels: Tensor) -> Tensor:
    """It subtracts from bytes, which have no sign: 0 − 127 is 129 there. First make them floats."""
    return (levels - 127).permute(2, 0, 1) / 127.5


def colours_last(levels: Tensor) -> Tensor:
    """The colours are still the last axis: layers of a network want them before the rows."""
    return levels / 127.5 - 1


def only_reshaped(levels: Tensor) -> Tensor:
    """The shape is right, but reshape moves nothing: rows and colours are mixed up."""
    height, width, colours = levels.shape
    return levels.reshape(colours, height, width) / 127.5 - 1


def blue_first(levels: Tensor) -> Tensor:
    """The colours stand in reverse, blue first, as OpenCV has them."""
    return from_bytes(levels).flip(0)


def inputs(generator: torch.Generator) -> tuple[Tensor]:
    """A picture that is wider than high."""
    return (torch.randint(0, 256, (4, 6, 3), generator=generator, dtype=torch.uint8),)


def recorded(trained: Trained) -> tuple[Tensor]:
    """The picture that toy-dev expects in the middle of a painting, as bytes."""
    pixels = trained.pipe.decode(trained.seen["step.x0_hat"])[0]
    return (((pixels + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0),)


EXERCISE = Exercise(
    solution=from_bytes,
    other=by_einops,
    mistakes=(
        from_zero,
        not_divided,
        half_the_range,
        wrapped,
        colours_last,
        only_reshaped,
        blue_first,
    ),
    hints=(
        "Which byte should become −1, and which 0?",
        "permute moves axes; reshape only cuts the same row of numbers anew.",
        "levels.permute(2, 0, 1) / 127.5 - 1",
    ),
    returns="[rgb, px_h, px_w], −1 … 1",
    inputs=inputs,
    recorded=recorded,
)
