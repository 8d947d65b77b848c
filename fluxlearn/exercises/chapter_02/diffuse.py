"""Mix picture and noise as DDPM does.

    x = √ᾱ · x₀ + √(1 − ᾱ) · ε

alpha_bar is [batch], a share for every picture; x0 and noise have further axes.
"""

import torch
from torch import Tensor

from fluxlearn.ddpm import alpha_bar_at, diffuse
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import interpolate


def by_an_angle(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Both amounts are cosine and sine of one angle: a quarter of a circle."""
    angle = alpha_bar.sqrt().arccos().reshape(-1, *[1] * (x0.ndim - 1))
    return angle.cos() * x0 + angle.sin() * noise


def without_roots(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """The roots are missing: these amounts sum to 1, as on FLUX's straight path."""
    return interpolate(x0, noise, 1 - alpha_bar)


def exchanged(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Picture and noise have changed places: ᾱ = 1 is the clean picture."""
    return diffuse(noise, x0, alpha_bar)


def noise_without_root(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """The root at the noise is missing: 1 − ᾱ is its share of the variance, not its amount."""
    left = _shaped(alpha_bar, x0)
    return left.sqrt() * x0 + (1 - left) * noise


def rest_of_the_root(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """The noise has the amount 1 − √ᾱ: the squares of both amounts sum to 1, not the amounts."""
    left = _shaped(alpha_bar, x0).sqrt()
    return left * x0 + (1 - left) * noise


def picture_kept(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """The picture keeps its whole size: it fades as the noise grows, so that the variance stays."""
    return x0 + (1 - _shaped(alpha_bar, x0)).sqrt() * noise


def _shaped(alpha_bar: Tensor, like: Tensor) -> Tensor:
    return alpha_bar.reshape(-1, *[1] * (like.ndim - 1))


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Four pictures of three tokens, each with a share of its own."""
    x0, noise = torch.randn(2, 4, 3, 2, generator=generator)
    return x0, noise, 0.1 + 0.8 * torch.rand(4, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """The picture that toy-dev expects, and the noise that it started from."""
    seen = trained.seen
    return seen["step.x0_hat"], trained.run.tokens, torch.as_tensor(alpha_bar_at(seen["in.t"]))


EXERCISE = Exercise(
    solution=diffuse,
    other=by_an_angle,
    mistakes=(
        without_roots,
        exchanged,
        noise_without_root,
        rest_of_the_root,
        picture_kept,
    ),
    hints=(
        "ᾱ is [batch]: give it an axis of size 1 for each further axis of x0.",
        "alpha_bar.reshape(-1, 1, 1) multiplies pictures of tokens.",
        "left.sqrt() * x0 + (1 - left).sqrt() * noise, left being the reshaped alpha_bar.",
    ),
    returns="x, of the shape of x0",
    inputs=inputs,
    recorded=recorded,
    gradients=("x0", "noise"),
)
