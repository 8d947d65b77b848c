"""How near does a reconstruction come to its picture, in decibels?

    PSNR = 10 · log₁₀ (range² / MSE)            range = 2, MSE the mean squared difference

Pixels lie in −1 … 1, so their range is 2. Each 6 dB halve the error.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def psnr(picture: Tensor, reconstruction: Tensor) -> Float[Tensor, ""]:
    """Peak signal to noise ratio; higher is nearer."""
    return 10 * torch.log10(4 / F.mse_loss(reconstruction, picture))


def by_the_root(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """The range by the root of the mean square, twenty times its logarithm."""
    error = (picture - reconstruction).square().mean().sqrt()
    return 20 * (math.log10(2) - error.log10())


def range_of_one(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """The range is taken as 1, as for pixels in 0 … 1: here it is 2, which is 6 dB more."""
    return psnr(picture, reconstruction) - 20 * math.log10(2)


def natural(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """The logarithm is the natural one: decibels count in powers of ten."""
    return 10 * torch.log(4 / F.mse_loss(reconstruction, picture))


def in_bels(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """This counts bels: a decibel is a tenth of one."""
    return psnr(picture, reconstruction) / 10


def upside_down(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """The fraction is upside down: less error should give more decibels."""
    return -psnr(picture, reconstruction)


def not_squared(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """The differences are not squared: the MSE is a mean of squares."""
    return 10 * torch.log10(4 / F.l1_loss(reconstruction, picture))


def summed(picture: Tensor, reconstruction: Tensor) -> Tensor:
    """The squares are summed: larger pictures would look worse."""
    return psnr(picture, reconstruction) - 10 * math.log10(picture.numel())


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A picture and a copy with some noise."""
    picture = 2 * torch.rand(3, 4, 6, generator=generator) - 1
    return picture, picture + 0.1 * torch.randn(picture.shape, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """What toy-dev expects to paint, and the same through the autoencoder once more."""
    autoencoder = trained.pipe.autoencoder
    picture = trained.pipe.decode(trained.seen["step.x0_hat"])
    with torch.no_grad():
        return picture, autoencoder.decode(autoencoder.encode(picture))


EXERCISE = Exercise(
    solution=psnr,
    other=by_the_root,
    mistakes=(range_of_one, natural, in_bels, upside_down, not_squared, summed),
    hints=(
        "First the mean of the squared differences, over all pixels and colours.",
        "range² is 4. More error, fewer decibels.",
        "10 * torch.log10(4 / (picture - reconstruction).square().mean())",
    ),
    returns="one number",
    inputs=inputs,
    recorded=recorded,
    gradients=("reconstruction",),
)
