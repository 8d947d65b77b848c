"""Find the point of FLUX's straight path that a DDPM's point is, but for its size.

    x_t = x / (√ᾱ + √(1 − ᾱ))          t = √(1 − ᾱ) / (√ᾱ + √(1 − ᾱ))

alpha_bar is [batch], a share for every picture. x_t has the shape of x, and t is [batch].
"""

import torch
from torch import Tensor

from fluxlearn.ddpm import alpha_bar_at, straighten
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def by_the_ratio(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """σ = √(1 − ᾱ) / √ᾱ is all that both paths have in common: t = σ / (1 + σ)."""
    ratio = (1 / alpha_bar - 1).sqrt()
    t = ratio / (1 + ratio)
    size = alpha_bar.sqrt() * (1 + ratio)
    return x / size[:, None, None], t


def not_resized(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """The point keeps its size: on the circle both amounts sum to more than 1, so divide."""
    return x, straighten(x, alpha_bar)[1]


def share_as_time(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """The time is 1 − ᾱ, a share of the variance: t is the noise's amount by both amounts."""
    return straighten(x, alpha_bar)[0], 1 - alpha_bar


def amount_as_time(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """The time is √(1 − ᾱ), the noise's amount on the circle: divide it by both amounts as well."""
    return straighten(x, alpha_bar)[0], (1 - alpha_bar).sqrt()


def backwards(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """The time runs backwards: t = 1 is noise, so the noise's amount is on top."""
    x_t, t = straighten(x, alpha_bar)
    return x_t, 1 - t


def by_the_picture(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """The point is divided by √ᾱ alone, which leaves the picture whole and adds noise to it."""
    return x / alpha_bar.sqrt()[:, None, None], straighten(x, alpha_bar)[1]


def ratio_as_time(x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """The time is noise by picture, which has no upper end: divide by the sum of both."""
    return straighten(x, alpha_bar)[0], (1 / alpha_bar - 1).sqrt()


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Four pictures of three tokens."""
    x = torch.randn(4, 3, 2, generator=generator)
    return x, 0.1 + 0.8 * torch.rand(4, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """Where toy-dev stands, as a DDPM would have it: the answer is what the model itself saw."""
    left = torch.as_tensor(alpha_bar_at(trained.seen["in.t"]))
    size = left.sqrt() + (1 - left).sqrt()
    return trained.seen["step.x"] * size[:, None, None], left


EXERCISE = Exercise(
    solution=straighten,
    other=by_the_ratio,
    mistakes=(
        not_resized,
        share_as_time,
        amount_as_time,
        backwards,
        by_the_picture,
        ratio_as_time,
    ),
    hints=(
        "On the straight path both amounts sum to 1. To what do they sum on the circle?",
        "size = alpha_bar.sqrt() + (1 - alpha_bar).sqrt(), one for each picture.",
        "x / size[:, None, None], (1 - alpha_bar).sqrt() / size",
    ),
    returns="x_t and t",
    inputs=inputs,
    recorded=recorded,
    gradients=("x",),
)
