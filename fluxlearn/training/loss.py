"""The flow-matching loss: predict the velocity of a noised picture.

    x_t  = (1 − t) · x₀ + t · ε
    loss = mean ‖v(x_t, t) − (ε − x₀)‖²

Its minimum is the mean velocity of all pictures and noises that pass through x_t, so it never
reaches zero, and its size says little; what falls is what the network did not know yet.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.flow import interpolate, velocity

Model = Callable[[Tensor, Tensor], Tensor]
"""model(x_t, t) -> velocity, with text and all else already bound."""


def flow_loss(
    model: Model,
    x0: Float[Tensor, "batch img patch"],
    t: Float[Tensor, " batch"],
    generator: torch.Generator,
) -> Float[Tensor, ""]:
    """The loss of one batch of clean tokens at the times t, with fresh noise."""
    noise = torch.randn(x0.shape, generator=generator).to(x0)
    predicted = model(interpolate(x0, noise, t), t)
    return (predicted.float() - velocity(x0, noise)).square().mean()
