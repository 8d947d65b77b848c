"""Which times are trained on: draws of t, one for each picture of a batch.

    logit-normal   t = σ(z), z ~ N(0, 1)            the middle of the path more often than its ends
    shifted        t = σ(z + μ)                     … and nearer to noise for large pictures

The shift is the sampling schedule's: in logits, bending time is adding μ.

Source: arXiv:2403.03206 §3.1; μ as in `fluxlearn.sampling.schedule`.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def draw_times(
    batch: int, mu: float, generator: torch.Generator, spread: float = 1.0
) -> Float[Tensor, " batch"]:
    """Logit-normal times, shifted: σ(spread · z + μ), in (0, 1)."""
    return torch.sigmoid(spread * torch.randn(batch, generator=generator) + mu)
