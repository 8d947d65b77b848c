"""Give every query or key of every head the same size, then scale its channels.

    scale · x / √(mean(x²) + 10⁻⁶)              the mean over a head's channels

x is [batch, head, seq, head_dim]. scale is learned and [head_dim]: all heads share it.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

EPSILON = 1e-6


def rms_norm(
    x: Float[Tensor, "batch head seq head_dim"], scale: Float[Tensor, " head_dim"]
) -> Float[Tensor, "batch head seq head_dim"]:
    """What `fluxlearn.model.attention.RMSNorm` computes."""
    size = torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + EPSILON)
    return scale * x * size


def by_torch(x: Tensor, scale: Tensor) -> Tensor:
    """PyTorch has this norm."""
    return F.rms_norm(x, x.shape[-1:], scale, eps=EPSILON)


def mean_removed(x: Tensor, scale: Tensor) -> Tensor:
    """The mean is subtracted, as in a LayerNorm: an RMSNorm leaves it in."""
    return F.layer_norm(x, x.shape[-1:], scale, eps=EPSILON)


def unit_length(x: Tensor, scale: Tensor) -> Tensor:
    """The sum of squares is taken, which makes the length 1: with the mean it is √head_dim."""
    return scale * x * torch.rsqrt(x.square().sum(dim=-1, keepdim=True) + EPSILON)


def without_root(x: Tensor, scale: Tensor) -> Tensor:
    """The square root is missing: a large vector would come out small."""
    return scale * x / (x.square().mean(dim=-1, keepdim=True) + EPSILON)


def over_heads(x: Tensor, scale: Tensor) -> Tensor:
    """The mean is over all heads: one loud head would make the others quiet."""
    return scale * x * torch.rsqrt(x.square().mean(dim=(1, 3), keepdim=True) + EPSILON)


def over_tokens(x: Tensor, scale: Tensor) -> Tensor:
    """The mean is over the tokens: each token is normalised by itself."""
    return scale * x * torch.rsqrt(x.square().mean(dim=2, keepdim=True) + EPSILON)


def one_plus_scale(x: Tensor, scale: Tensor) -> Tensor:
    """1 is added to the scale: that is modulation's way, here scale begins at 1."""
    return rms_norm(x, 1 + scale)


def not_scaled(x: Tensor, scale: Tensor) -> Tensor:
    """The learned scale is missing."""
    return rms_norm(x, torch.ones_like(scale))


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Queries that are too large and have a mean, and a scale of both signs."""
    x = 3 * torch.randn(2, 3, 5, 8, generator=generator) + 1
    return x, torch.randn(8, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The picture's queries in the first block, and the scale that they meet."""
    scale = trained.pipe.flux.get_parameter("double_blocks.0.img_attn.norm.query_norm.scale")
    return trained.seen["double.0.img.q_raw"], scale


EXERCISE = Exercise(
    solution=rms_norm,
    other=by_torch,
    mistakes=(
        mean_removed,
        unit_length,
        without_root,
        over_heads,
        over_tokens,
        one_plus_scale,
        not_scaled,
    ),
    hints=(
        "One number for each token of each head: over which axis is the mean?",
        "x.square().mean(dim=-1, keepdim=True) is the mean square; torch.rsqrt is 1 / √.",
        "scale * x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + 1e-6)",
    ),
    returns="[batch, head, seq, head_dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "scale"),
)
