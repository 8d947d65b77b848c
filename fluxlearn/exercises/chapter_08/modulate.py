"""Stretch and move a normalised stream.

    (1 + scale) · x + shift

With scale and shift zero, x passes unchanged.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.modulation import modulate


def by_addcmul(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """x + shift + x · scale, the product and the sum in one call."""
    return torch.addcmul(x + shift, x, scale)


def scale_alone(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The stream is multiplied by scale, not by 1 + scale: zero would erase it."""
    return scale * x + shift


def exchanged(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Shift and scale have changed places."""
    return modulate(x, scale, shift)


def moved_first(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The shift is stretched too: it is added after the product."""
    return (1 + scale) * (x + shift)


def shift_plus_one(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The 1 stands with the shift: it belongs to the scale."""
    return scale * x + 1 + shift


def subtracted(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The shift is subtracted: it is added."""
    return (1 + scale) * x - shift


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A stream of five tokens, and one shift and scale a picture."""
    shapes = ((2, 5, 8), (2, 1, 8), (2, 1, 8))
    x, shift, scale = (torch.randn(shape, generator=generator) for shape in shapes)
    return x, shift, scale


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """What the first block's attention over the picture reads."""
    seen = trained.seen
    names = ("norm1", "mod.shift1", "mod.scale1")
    x, shift, scale = (seen[f"double.0.img.{name}"] for name in names)
    return x, shift, scale


EXERCISE = Exercise(
    solution=modulate,
    other=by_addcmul,
    mistakes=(scale_alone, exchanged, moved_first, shift_plus_one, subtracted),
    hints=(
        "Which scale should leave x as it is: 0 or 1?",
        "At initialisation scale is 0 everywhere, and x should pass.",
        "(1 + scale) * x + shift",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "shift", "scale"),
)
