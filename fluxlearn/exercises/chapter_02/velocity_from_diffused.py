"""Turn what a DDPM predicts into what FLUX predicts: from noise to velocity.

    x₀ = (x − √(1 − ᾱ) · ε) / √ᾱ            v = ε − x₀

x lies on DDPM's circle, noise is the network's ε for it. alpha_bar is one number here.
"""

import torch
from torch import Tensor

from fluxlearn.ddpm import alpha_bar_at, velocity_from_diffused, x0_from_diffused
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import velocity_from_noise


def by_the_straight_path(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """First to the straight path, whose own conversion does the rest."""
    size = alpha_bar**0.5 + (1 - alpha_bar) ** 0.5
    return velocity_from_noise(x / size, noise, (1 - alpha_bar) ** 0.5 / size)


def from_the_point(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """x itself is subtracted: it is a mixture, and the clean picture in it is meant."""
    return noise - x


def towards_the_picture(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """The sign is flipped: velocity points to noise."""
    return -velocity_from_diffused(x, noise, alpha_bar)


def the_picture(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """This is x₀: subtract it from the noise."""
    return x0_from_diffused(x, noise, alpha_bar)


def v_prediction(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """This is the v of v-prediction, √ᾱ · ε − √(1 − ᾱ) · x₀: FLUX's is plainly ε − x₀."""
    x0 = x0_from_diffused(x, noise, alpha_bar)
    return alpha_bar**0.5 * noise - (1 - alpha_bar) ** 0.5 * x0


def not_divided(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """The division by √ᾱ is missing: without its noise, x is the picture made fainter."""
    return noise - (x - (1 - alpha_bar) ** 0.5 * noise)


def without_roots(x: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """The roots are missing: ᾱ is a share of the variance, √ᾱ the amount of the picture."""
    return noise - (x - (1 - alpha_bar) * noise) / alpha_bar


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """A point, what a network says of it, and a share that is not a half."""
    x, noise = torch.randn(2, 4, 3, 2, generator=generator)
    return x, noise, 0.6 + 0.3 * torch.rand((), generator=generator).item()


def recorded(trained: Trained) -> tuple[Tensor, Tensor, float]:
    """toy-dev's own prediction, said as a DDPM would."""
    seen = trained.seen
    left = alpha_bar_at(seen["in.t"].item())
    size = left**0.5 + (1 - left) ** 0.5
    return seen["step.x"] * size, seen["step.eps_hat"], left


EXERCISE = Exercise(
    solution=velocity_from_diffused,
    other=by_the_straight_path,
    mistakes=(
        from_the_point,
        towards_the_picture,
        the_picture,
        v_prediction,
        not_divided,
        without_roots,
    ),
    hints=(
        "Solve x = √ᾱ · x₀ + √(1 − ᾱ) · ε for the picture first.",
        "x0 = (x - (1 - alpha_bar) ** 0.5 * noise) / alpha_bar**0.5",
        "noise - x0",
    ),
    returns="v, of the shape of x",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "noise"),
    atol=1e-4,  # divided by √ᾱ, which is small near noise
)
