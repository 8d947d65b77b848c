"""The schedule: at which times the model is asked.

    (1)  t_i = 1 − i / steps                                 i = 0 … steps: even steps
    (2)  μ   = 0.5 + (n − 256) · (1.15 − 0.5) / (4096 − 256)   n image tokens
    (3)  t′  = e^μ / (e^μ + 1/t − 1)                         bent towards noise

A larger picture keeps more of its structure under the same noise (neighbouring cells agree and
average it out), so its steps must be spent nearer to t = 1. In logits (3) is plain addition:
logit t′ = logit t + μ.

Source: BFL flux/sampling.py `time_shift`, `get_lin_function`, `get_schedule`; arXiv:2403.03206.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

SMALL = (256, 0.5)  # (image tokens, μ) …
LARGE = (4096, 1.15)  # … of the two points that fix the line


def shift_for(tokens: int) -> float:
    """μ for a picture of so many tokens, equation (2); a straight line, not clamped."""
    slope = (LARGE[1] - SMALL[1]) / (LARGE[0] - SMALL[0])
    return SMALL[1] + slope * (tokens - SMALL[0])


def time_shift(mu: float, t: Float[Tensor, " time"]) -> Float[Tensor, " time"]:
    """Bend times towards noise, equation (3); t = 0 and t = 1 stay where they are.

    mu  0 leaves every time as it is; FLUX.1 uses 0.5 (256 tokens) to 1.15 (4096 tokens).
    t   in [0, 1]; 1 may come out as 1 − 2⁻²⁴, the float32 below it, as in BFL.

    Source: BFL flux/sampling.py `time_shift`, with its sigma = 1.
    """
    return math.exp(mu) / (math.exp(mu) + (1 / t - 1))


def make_schedule(steps: int, tokens: int, shifted: bool = True) -> Float[Tensor, " time"]:
    """The times of a run from 1 to 0: steps + 1 of them, float32.

    tokens   image tokens; only matters when shifted.
    shifted  False for schnell, which was trained on even steps.

    Raises ValueError for anything but a positive whole number of steps.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps is {steps!r}, but a whole number of at least 1 is expected.")
    times = torch.linspace(1, 0, steps + 1)
    return time_shift(shift_for(tokens), times) if shifted else times
