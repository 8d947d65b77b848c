"""Bring latents back to the decoder's own units: undo `normalise`.

    latent = scale · (z − shift)            solve for z

FLUX.1's scale is 0.3611 and its shift 0.1159.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.tokens import unpatchify


def denormalise(latents: Tensor, scale: float, shift: float) -> Tensor:
    """What `AutoEncoder.decode` does before anything else."""
    return latents / scale + shift


def by_parts(latents: Tensor, scale: float, shift: float) -> Tensor:
    """One division for both."""
    return (latents + scale * shift) / scale


def shift_first(latents: Tensor, scale: float, shift: float) -> Tensor:
    """The shift is added before the division, which enlarges it: undo the last step first."""
    return (latents + shift) / scale


def multiplied(latents: Tensor, scale: float, shift: float) -> Tensor:
    """It multiplies by the scale: that was done on the way here, so divide."""
    return latents * scale + shift


def subtracted(latents: Tensor, scale: float, shift: float) -> Tensor:
    """The shift is subtracted: that was done on the way here, so add."""
    return latents / scale - shift


def no_shift(latents: Tensor, scale: float, shift: float) -> Tensor:
    """The shift is forgotten, the mistake that is hardest to see: every latent is a little low."""
    return latents / scale


def not_scaled(latents: Tensor, scale: float, shift: float) -> Tensor:
    """The scale is forgotten: the decoder would see a picture of far too little contrast."""
    return latents + shift


def forwards(latents: Tensor, scale: float, shift: float) -> Tensor:
    """This is `normalise` once more: the way back is asked for."""
    return scale * (latents - shift)


def inputs(generator: torch.Generator) -> tuple[Tensor, float, float]:
    """Latents with mean 0 and spread 1, and numbers near FLUX.1's."""
    first, second = (0.1 * torch.rand(2, generator=generator)).tolist()
    return torch.randn(2, 4, 3, 5, generator=generator), 0.3 + first, 0.1 + second


def recorded(trained: Trained) -> tuple[Tensor, float, float]:
    """The latents of the picture that toy-dev expects, with FLUX.1's two numbers."""
    size = trained.run.options
    return unpatchify(trained.seen["step.x0_hat"], size.height, size.width), 0.3611, 0.1159


EXERCISE = Exercise(
    solution=denormalise,
    other=by_parts,
    mistakes=(shift_first, multiplied, subtracted, no_shift, not_scaled, forwards),
    hints=(
        "The last step of the way there is the first of the way back.",
        "latents / scale is z − shift.",
        "latents / scale + shift",
    ),
    returns="z, of the shape of latents",
    inputs=inputs,
    recorded=recorded,
    gradients=("latents",),
)
