"""Draw a latent around the mean that the encoder gives.

    mean, log-variance = both halves of the channels
    z = mean + e^(log-variance / 2) · ε

moments is [batch, 2 · channel, height, width]; noise is ε, half as wide.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.tokens import unpatchify


def draw_latent(
    moments: Float[Tensor, "batch _ height width"],
    noise: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, "batch channel height width"]:
    """`AutoEncoder.encode_sample`, with the noise given and before scale and shift."""
    mean, log_variance = moments.chunk(2, dim=1)
    return mean + (0.5 * log_variance).exp() * noise


def by_the_deviation(moments: Tensor, noise: Tensor) -> Tensor:
    """The root of the variance, and a product and a sum in one call."""
    count = noise.shape[1]
    deviation = moments[:, count:].exp().sqrt()
    return torch.addcmul(moments[:, :count], deviation, noise)


def the_mean(moments: Tensor, noise: Tensor) -> Tensor:
    """This is the mean alone, which is what FLUX paints on: here one is to be drawn around it."""
    return moments.chunk(2, dim=1)[0]


def by_the_variance(moments: Tensor, noise: Tensor) -> Tensor:
    """The noise is multiplied by the variance: by its root, the standard deviation."""
    mean, log_variance = moments.chunk(2, dim=1)
    return mean + log_variance.exp() * noise


def by_the_logarithm(moments: Tensor, noise: Tensor) -> Tensor:
    """The noise is multiplied by the logarithm: undo it first."""
    mean, log_variance = moments.chunk(2, dim=1)
    return mean + log_variance * noise


def exchanged(moments: Tensor, noise: Tensor) -> Tensor:
    """The halves have changed places: the mean comes first."""
    log_variance, mean = moments.chunk(2, dim=1)
    return mean + (0.5 * log_variance).exp() * noise


def in_turns(moments: Tensor, noise: Tensor) -> Tensor:
    """Means and variances are taken in turns: the first half of the channels is all means."""
    return moments[:, ::2] + (0.5 * moments[:, 1::2]).exp() * noise


def noise_as_it_is(moments: Tensor, noise: Tensor) -> Tensor:
    """The noise has spread 1 everywhere: the encoder says how much it should have."""
    return moments.chunk(2, dim=1)[0] + noise


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Four latent channels."""
    moments = torch.randn(2, 8, 3, 5, generator=generator)
    return moments, torch.randn(2, 4, 3, 5, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """What the toy's encoder makes of a picture, and the noise of a painting."""
    pixels = trained.pipe.decode(trained.seen["step.x0_hat"])
    size = trained.run.options
    with torch.no_grad():
        moments = trained.pipe.autoencoder.encoder(pixels)
    return moments, unpatchify(trained.run.tokens, size.height, size.width)


EXERCISE = Exercise(
    solution=draw_latent,
    other=by_the_deviation,
    mistakes=(
        the_mean,
        by_the_variance,
        by_the_logarithm,
        exchanged,
        in_turns,
        noise_as_it_is,
    ),
    hints=(
        "moments.chunk(2, dim=1) are mean and log-variance.",
        "A standard deviation is the root of a variance; in logarithms a root is a half.",
        "mean + (0.5 * log_variance).exp() * noise",
    ),
    returns="[batch, channel, height, width]",
    inputs=inputs,
    recorded=recorded,
    gradients=("moments",),
)
