"""The training loss in three lines: how far is the model's velocity from the true one?

    x_t  = (1 − t) · x₀ + t · ε
    loss = mean (model(x_t, t) − (ε − x₀))²

model(x_t, t) answers a velocity; t is [batch].
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.flow import interpolate, velocity

Model = Callable[[Tensor, Tensor], Tensor]


def loss(
    model: Model,
    x0: Float[Tensor, "batch img patch"],
    noise: Float[Tensor, "batch img patch"],
    t: Float[Tensor, " batch"],
) -> Float[Tensor, ""]:
    """`fluxlearn.training.loss.flow_loss`, with the noise given."""
    x_t = interpolate(x0, noise, t)
    error = model(x_t, t) - velocity(x0, noise)
    return error.square().mean()


def by_mse(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """torch has it as a function."""
    return F.mse_loss(model(torch.lerp(x0, noise, t[:, None, None]), t), noise - x0)


def sees_the_picture(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The model is shown the clean picture: it must work from x_t, as it will when it paints."""
    return F.mse_loss(model(x0, t), velocity(x0, noise))


def sign_flipped(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The target's sign is flipped: it is ε − x₀. Sampling would walk away from every picture."""
    return F.mse_loss(model(interpolate(x0, noise, t), t), x0 - noise)


def noise_as_target(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The target is the noise, as in DDPM: FLUX predicts the velocity ε − x₀."""
    return F.mse_loss(model(interpolate(x0, noise, t), t), noise)


def time_reversed(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t is mixed with picture and noise exchanged, while the model is told t."""
    return F.mse_loss(model(interpolate(noise, x0, t), t), velocity(x0, noise))


def summed(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The squares are summed: with the mean, the step size does not depend on the picture's."""
    return F.mse_loss(model(interpolate(x0, noise, t), t), velocity(x0, noise), reduction="sum")


def absolute(model: Model, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Absolute errors lead to the median of all velocities: squares lead to the mean, as painting
    needs."""
    return F.l1_loss(model(interpolate(x0, noise, t), t), velocity(x0, noise))


def inputs(generator: torch.Generator) -> tuple[Model, Tensor, Tensor, Tensor]:
    """A model that uses what it sees and when."""
    x0, noise = torch.randn(2, 4, 3, 2, generator=generator)

    def model(x_t: Tensor, t: Tensor) -> Tensor:
        return 0.5 * x_t + t[:, None, None]

    return model, x0, noise, torch.rand(4, generator=generator)


def recorded(trained: Trained) -> tuple[Model, Tensor, Tensor, Tensor]:
    """toy-dev itself, shown the noise that it started from, on the way to what it expects."""
    seen, run = trained.seen, trained.run
    return lambda x, t: run.velocity(x, t.item()), seen["step.x0_hat"], run.tokens, seen["in.t"]


EXERCISE = Exercise(
    solution=loss,
    other=by_mse,
    mistakes=(sees_the_picture, sign_flipped, noise_as_target, time_reversed, summed, absolute),
    hints=(
        "Three lines: where the point is, what the model says there, how wrong that is.",
        "interpolate and velocity, from the exercises before, are two of the three.",
        "(model(interpolate(x0, noise, t), t) - velocity(x0, noise)).square().mean()",
    ),
    returns="one number",
    inputs=inputs,
    recorded=recorded,
    gradients=("x0", "noise"),
)
