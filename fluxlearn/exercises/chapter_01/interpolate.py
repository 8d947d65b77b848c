"""Where is a picture on its way to noise at time t?

    x_t = (1 − t) · x₀ + t · ε              t = 0 is the picture x₀, t = 1 is the noise ε

t is [batch]: a time of its own for each picture, whatever axes follow.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import broadcast_time, interpolate


def by_lerp(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """From x₀ a share t of the way to ε."""
    return torch.lerp(x0, noise, t.reshape(-1, *[1] * (x0.ndim - 1)))


def ends_exchanged(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Time runs the other way: in FLUX t = 1 is noise and t = 0 the picture."""
    return interpolate(noise, x0, t)


def curved(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """This is DDPM's curved path, whose squared weights sum to 1: here the weights do."""
    share = broadcast_time(t, x0)
    return (1 - share) ** 0.5 * x0 + share**0.5 * noise


def noise_added(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Noise is added, but the picture does not fade: at t = 1 it must be gone."""
    return x0 + broadcast_time(t, x0) * noise


def first_time_only(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Every picture uses the first time: give t trailing axes of size 1 instead."""
    return interpolate(x0, noise, t[0])


def half_way(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The time is not used: every picture is half-way."""
    return (x0 + noise) / 2


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures of three tokens with two values."""
    x0, noise = torch.randn(2, 4, 3, 2, generator=generator)
    return x0, noise, torch.rand(4, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """The picture and the noise that the model believes to see: together they are x_t."""
    return trained.seen["step.x0_hat"], trained.seen["step.eps_hat"], trained.seen["in.t"]


EXERCISE = Exercise(
    solution=interpolate,
    other=by_lerp,
    mistakes=(ends_exchanged, curved, noise_added, first_time_only, half_way),
    hints=(
        "A weighted mean. What are the weights at t = 0, and at t = 1?",
        "t is [batch], x0 has more axes: t[:, None, None] multiplies [batch, img, patch].",
        "t = t.reshape(-1, 1, 1); (1 - t) * x0 + t * noise",
    ),
    returns="x_t, of the shape of x0",
    inputs=inputs,
    recorded=recorded,
    gradients=("x0", "noise"),
)
