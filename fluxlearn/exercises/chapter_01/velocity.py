"""In which direction does a point move while t grows?

x_t = (1 − t) · x₀ + t · ε              v = dx_t / dt
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import interpolate, velocity


def by_two_points(x0: Tensor, noise: Tensor) -> Tensor:
    """Any two points of a straight path give its slope."""
    return (interpolate(x0, noise, 0.75) - interpolate(x0, noise, 0.25)) / 0.5


def sign_flipped(x0: Tensor, noise: Tensor) -> Tensor:
    """The sign is flipped: t grows towards noise, so v points there. Sampling walks against it."""
    return x0 - noise


def only_the_noise(x0: Tensor, noise: Tensor) -> Tensor:
    """This is the noise, which DDPM predicts: the velocity also leads away from the picture."""
    return 1 * noise


def only_the_picture(x0: Tensor, noise: Tensor) -> Tensor:
    """This is the picture: the velocity is a difference."""
    return 1 * x0


def half(x0: Tensor, noise: Tensor) -> Tensor:
    """This is half the way: from t = 0 to t = 1 a point moves by ε − x₀."""
    return (noise - x0) / 2


def direction(x0: Tensor, noise: Tensor) -> Tensor:
    """This is the direction alone: a velocity also has a size."""
    return velocity(x0, noise) / velocity(x0, noise).norm()


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pictures and noise."""
    x0, noise = torch.randn(2, 4, 3, 2, generator=generator)
    return x0, noise


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The picture and the noise that the model believes to see: their velocity is its answer."""
    return trained.seen["step.x0_hat"], trained.seen["step.eps_hat"]


EXERCISE = Exercise(
    solution=velocity,
    other=by_two_points,
    mistakes=(sign_flipped, only_the_noise, only_the_picture, half, direction),
    hints=(
        "Take the derivative of x_t with respect to t, term by term.",
        "d/dt of (1 − t) · x₀ is −x₀; d/dt of t · ε is ε.",
        "noise - x0; the same at every t, since the path is straight.",
    ),
    returns="v, of the shape of x0",
    inputs=inputs,
    recorded=recorded,
    gradients=("x0", "noise"),
    atol=1e-4,  # a slope from two points
)
