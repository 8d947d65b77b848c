"""What a branch reads: the stream, normalised token by token, then stretched and moved.

    (1 + scale) · norm(x) + shift              norm(x) = (x − mean) / √(variance + 10⁻⁶)

The LayerNorm has no weights of its own: modulation brings them.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.modulation import modulate


def modulated_norm(
    x: Float[Tensor, "batch seq dim"],
    shift: Float[Tensor, "batch 1 dim"],
    scale: Float[Tensor, "batch 1 dim"],
) -> Float[Tensor, "batch seq dim"]:
    """Normalise, then modulate."""
    return modulate(F.layer_norm(x, x.shape[-1:], eps=1e-6), shift, scale)


def by_moments(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The mean and the variance by hand."""
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return (1 + scale) * centred * torch.rsqrt(variance + 1e-6) + shift


def not_normalised(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The stream is not normalised: its size, which grows with every block, reaches attention."""
    return modulate(x, shift, scale)


def normalised_last(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The norm comes after the modulation and undoes most of it: it comes before."""
    return F.layer_norm(modulate(x, shift, scale), x.shape[-1:], eps=1e-6)


def over_tokens(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Mean and variance are taken over the tokens: each token is normalised over its channels."""
    return modulate(F.layer_norm(x.mT, x.shape[1:2], eps=1e-6).mT, shift, scale)


def mean_kept(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """This is an RMSNorm, which keeps the mean: FLUX has it for queries and keys only."""
    return modulate(F.rms_norm(x, x.shape[-1:], eps=1e-6), shift, scale)


def sample_deviation(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The variance is divided by n − 1, as torch.std does by default: LayerNorm divides by n."""
    centred = x - x.mean(dim=-1, keepdim=True)
    return modulate(centred / (x.var(dim=-1, keepdim=True) + 1e-6).sqrt(), shift, scale)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A stream whose channels do not have mean 0."""
    shapes = ((2, 5, 8), (2, 1, 8), (2, 1, 8))
    x, shift, scale = (torch.randn(shape, generator=generator) for shape in shapes)
    return 3 * x + 1, shift, scale


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """The picture's stream as it enters the first block."""
    names = ("resid_pre", "mod.shift1", "mod.scale1")
    x, shift, scale = (trained.seen[f"double.0.img.{name}"] for name in names)
    return x, shift, scale


EXERCISE = Exercise(
    solution=modulated_norm,
    other=by_moments,
    mistakes=(not_normalised, normalised_last, over_tokens, mean_kept, sample_deviation),
    hints=(
        "Two steps: one makes all tokens alike in size, the other is your modulate.",
        "torch.nn.functional.layer_norm takes the shape of what is normalised: the channels.",
        "F.layer_norm(x, x.shape[-1:], eps=1e-6), then (1 + scale) * … + shift.",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "shift", "scale"),
    atol=1e-4,  # a sum over channels, divided by their spread
)
