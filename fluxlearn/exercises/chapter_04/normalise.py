"""Bring what the encoder gives to mean 0 and spread 1, as the flow model wants it.

    latent = scale · (mean − shift)

FLUX.1's scale is 0.3611 and its shift 0.1159.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def normalise(mean: Tensor, scale: float, shift: float) -> Tensor:
    """`AutoEncoder.normalise`, with its two numbers given."""
    return scale * (mean - shift)


def by_parts(mean: Tensor, scale: float, shift: float) -> Tensor:
    """Multiplied out: the shift is scaled too."""
    return torch.add(mean * scale, -scale * shift)


def shift_outside(mean: Tensor, scale: float, shift: float) -> Tensor:
    """The shift is subtracted after the product: it is measured in the encoder's own units."""
    return scale * mean - shift


def divided(mean: Tensor, scale: float, shift: float) -> Tensor:
    """It divides by the scale: FLUX.1's is below 1, and makes values smaller."""
    return (mean - shift) / scale


def added(mean: Tensor, scale: float, shift: float) -> Tensor:
    """The shift is added: it is the mean of all latents, and must go."""
    return scale * (mean + shift)


def no_shift(mean: Tensor, scale: float, shift: float) -> Tensor:
    """The shift is missing, as in Stable Diffusion 1, which had none."""
    return scale * mean


def inverse(mean: Tensor, scale: float, shift: float) -> Tensor:
    """This is the way back, from latents to what the decoder reads."""
    return mean / scale + shift


def exchanged(mean: Tensor, scale: float, shift: float) -> Tensor:
    """Scale and shift have changed places."""
    return shift * (mean - scale)


def inputs(generator: torch.Generator) -> tuple[Tensor, float, float]:
    """Means with a spread far from 1, and numbers near FLUX.1's."""
    first, second = (0.1 * torch.rand(2, generator=generator)).tolist()
    return 3 * torch.randn(2, 4, 3, 5, generator=generator), 0.3 + first, 0.1 + second


def recorded(trained: Trained) -> tuple[Tensor, float, float]:
    """What the toy's encoder makes of a picture, with FLUX.1's two numbers."""
    pixels = trained.pipe.decode(trained.seen["step.x0_hat"])
    with torch.no_grad():
        return trained.pipe.autoencoder.moments(pixels)[0], 0.3611, 0.1159


EXERCISE = Exercise(
    solution=normalise,
    other=by_parts,
    mistakes=(shift_outside, divided, added, no_shift, inverse, exchanged),
    hints=(
        "First to mean 0, then to spread 1.",
        "mean - shift has mean 0, in the encoder's units.",
        "scale * (mean - shift)",
    ),
    returns="latents, of the shape of mean",
    inputs=inputs,
    recorded=recorded,
    gradients=("mean",),
)
