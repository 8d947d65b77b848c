"""The straight path between picture and noise, and every way to say what a model predicts.

Time t runs from 0, the picture x₀, to 1, pure noise ε:

    (1)  x_t = (1 − t) · x₀ + t · ε
    (2)  v   = dx_t / dt = ε − x₀                 the velocity: the same all along the path

Knowing x_t and one of x₀, ε, v gives the other two:

    (3)  x₀ = x_t − t · v
    (4)  ε  = x_t + (1 − t) · v
    (5)  v  = (x_t − x₀) / t                      t > 0
    (6)  v  = (ε − x_t) / (1 − t)                 t < 1
    (7)  ε  = (x_t − (1 − t) · x₀) / t            t > 0
    (8)  x₀ = (x_t − t · ε) / (1 − t)             t < 1

FLUX.1 predicts v. Source: rectified flow, arXiv:2209.03003; flow matching, arXiv:2210.02747.
"""

from jaxtyping import Float
from torch import Tensor


def broadcast_time(t: Float[Tensor, "*_"] | float, like: Tensor) -> Tensor | float:
    """Give times [batch] trailing axes of size 1, so that they multiply tensors like `like`."""
    if isinstance(t, Tensor) and t.ndim:
        return t.reshape(-1, *[1] * (like.ndim - 1)).to(like)
    return t


def interpolate(x0: Tensor, noise: Tensor, t: Tensor | float) -> Tensor:
    """The point at time t on the way from picture to noise, equation (1)."""
    t = broadcast_time(t, x0)
    return (1 - t) * x0 + t * noise


def velocity(x0: Tensor, noise: Tensor) -> Tensor:
    """How a point moves along the path, equation (2)."""
    return noise - x0


def x0_from_velocity(x_t: Tensor, v: Tensor, t: Tensor | float) -> Tensor:
    """Where the path leads at t = 0 if it goes straight on, equation (3)."""
    return x_t - broadcast_time(t, x_t) * v


def noise_from_velocity(x_t: Tensor, v: Tensor, t: Tensor | float) -> Tensor:
    """Where the path came from at t = 1, equation (4)."""
    return x_t + (1 - broadcast_time(t, x_t)) * v


def velocity_from_x0(x_t: Tensor, x0: Tensor, t: Tensor | float) -> Tensor:
    """The velocity that leads to x₀, equation (5); t > 0."""
    return (x_t - x0) / broadcast_time(t, x_t)


def velocity_from_noise(x_t: Tensor, noise: Tensor, t: Tensor | float) -> Tensor:
    """The velocity that came from ε, equation (6); t < 1."""
    return (noise - x_t) / (1 - broadcast_time(t, x_t))


def noise_from_x0(x_t: Tensor, x0: Tensor, t: Tensor | float) -> Tensor:
    """The noise that was mixed with x₀, equation (7); t > 0."""
    t = broadcast_time(t, x_t)
    return (x_t - (1 - t) * x0) / t


def x0_from_noise(x_t: Tensor, noise: Tensor, t: Tensor | float) -> Tensor:
    """The picture that ε was mixed into, equation (8); t < 1."""
    t = broadcast_time(t, x_t)
    return (x_t - t * noise) / (1 - t)
