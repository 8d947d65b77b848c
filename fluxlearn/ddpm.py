"""DDPM: noise mixed in along a quarter of a circle, in a thousand numbered steps.

    (1)  ᾱₖ = (1 − β₁) · (1 − β₂) · … · (1 − βₖ)      the picture's share of the variance
    (2)  xₖ = √ᾱ · x₀ + √(1 − ᾱ) · ε                  the squares of both amounts sum to 1

A network learns ε. What it says leads from ᾱ to an earlier step, with its larger ᾱ′:

    (3)  x₀ = (xₖ − √(1 − ᾱ) · ε) / √ᾱ
    (4)  x′ = √ᾱ′ · x₀ + √(1 − ᾱ′) · ε                                      DDIM
    (5)  x′ = √ᾱ′ · x₀ + √(1 − ᾱ′ − σ²) · ε + σ · z       z ~ N(0, 1)       DDPM
         σ² = (1 − ᾱ′) / (1 − ᾱ) · (1 − ᾱ / ᾱ′)

Divided by the sum of both amounts, a point lies on the straight path of `fluxlearn.flow`:

    (6)  x_t = xₖ / (√ᾱ + √(1 − ᾱ))        t = √(1 − ᾱ) / (√ᾱ + √(1 − ᾱ))

There v = ε − x₀, and (4) is Euler's step. So circle and line are one path in two units; what
differs is how steps are spaced, what the network is asked for, and (5), which adds fresh noise.

Source: DDPM, arXiv:2006.11239; DDIM, arXiv:2010.02502.
"""

from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

STEPS = 1000
LINEAR = (1e-4, 0.02)  # first and last β of DDPM
STABLE_DIFFUSION = (0.00085, 0.012)  # of Stable Diffusion, whose √β grows evenly

AlphaBar = Float[Tensor, "*_"] | float
"""ᾱ: one for all pictures, or one for each, [batch]."""

Time = TypeVar("Time", float, Tensor)


def linear_betas(steps: int = STEPS) -> Float[Tensor, " time"]:
    """DDPM's β₁ … β_steps, in even steps."""
    return torch.linspace(*LINEAR, steps)


def stable_diffusion_betas(steps: int = STEPS) -> Float[Tensor, " time"]:
    """Stable Diffusion's β₁ … β_steps: their roots grow in even steps ("scaled linear")."""
    first, last = STABLE_DIFFUSION
    return torch.linspace(first**0.5, last**0.5, steps) ** 2


def alphas_bar(betas: Float[Tensor, " time"]) -> Float[Tensor, " time"]:
    """ᾱ after each step, equation (1)."""
    return (1 - betas).cumprod(dim=0)


def amounts(alpha_bar: AlphaBar, like: Tensor) -> tuple[Tensor, Tensor]:
    """√ᾱ and √(1 − ᾱ), how much picture and how much noise, shaped to multiply `like`."""
    kept = torch.as_tensor(alpha_bar, dtype=like.dtype).reshape(-1, *[1] * (like.ndim - 1))
    return kept.sqrt(), (1 - kept).sqrt()


def diffuse(x0: Tensor, noise: Tensor, alpha_bar: AlphaBar) -> Tensor:
    """The noised picture with this ᾱ, equation (2)."""
    picture, grain = amounts(alpha_bar, x0)
    return picture * x0 + grain * noise


def x0_from_diffused(x: Tensor, noise: Tensor, alpha_bar: AlphaBar) -> Tensor:
    """The picture that `noise` was mixed into, equation (3); ᾱ > 0."""
    picture, grain = amounts(alpha_bar, x)
    return (x - grain * noise) / picture


def velocity_from_diffused(x: Tensor, noise: Tensor, alpha_bar: AlphaBar) -> Tensor:
    """What a flow model would say where a DDPM says `noise`: ε − x₀, with (3) for x₀; ᾱ > 0."""
    return noise - x0_from_diffused(x, noise, alpha_bar)


def ddim_step(x: Tensor, noise: Tensor, alpha_bar: AlphaBar, alpha_bar_next: AlphaBar) -> Tensor:
    """From ᾱ to ᾱ′ without chance, equation (4): the picture so far, mixed anew with its noise."""
    return diffuse(x0_from_diffused(x, noise, alpha_bar), noise, alpha_bar_next)


def ddpm_step(
    x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float, generator: torch.Generator
) -> Tensor:
    """From ᾱ to ᾱ′ with fresh noise, equation (5); to ᾱ′ = 1 it is `ddim_step`.

    noise  what the network says of x. The fresh noise comes from `generator`.
    """
    variance = (1 - alpha_bar_next) / (1 - alpha_bar) * (1 - alpha_bar / alpha_bar_next)
    fresh = torch.randn(x.shape, generator=generator)
    kept_noise = max(0.0, 1 - alpha_bar_next - variance) ** 0.5
    x0 = x0_from_diffused(x, noise, alpha_bar)
    return alpha_bar_next**0.5 * x0 + kept_noise * noise + variance**0.5 * fresh


def straighten(x: Tensor, alpha_bar: AlphaBar) -> tuple[Tensor, Tensor]:
    """The same point on the straight path, and its time there, equation (6)."""
    picture, grain = amounts(alpha_bar, x)
    return x / (picture + grain), (grain / (picture + grain)).flatten()


def alpha_bar_at(t: Time) -> Time:
    """The ᾱ whose point lies at time t of the straight path: the inverse of (6)."""
    return (1 - t) ** 2 / ((1 - t) ** 2 + t**2)
