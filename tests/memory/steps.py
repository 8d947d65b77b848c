"""One training step of a tiny model: its loss and its gradients."""

import torch
from tiny_models import FLUX, tiny_flux, tiny_inputs
from torch import Tensor

from fluxlearn.model.flux import Flux


def trainable_flux(config=FLUX) -> Flux:
    """A random transformer whose weights want gradients."""
    torch.manual_seed(0)
    return tiny_flux(config).requires_grad_(True)


def some_inputs(config=FLUX) -> dict[str, Tensor]:
    """Always the same arguments for its forward pass."""
    torch.manual_seed(1)
    return tiny_inputs(config)


def loss_of(flux: Flux, inputs: dict[str, Tensor]) -> Tensor:
    """How far the velocity is from a target."""
    return (flux(**inputs).float() - inputs["img"].float().flip(1)).square().mean()


def gradients(flux: Flux, loss: Tensor) -> dict[str, Tensor]:
    """What a backward pass leaves, which is taken off the model."""
    loss.backward()
    found = {name: p.grad for name, p in flux.named_parameters() if p.grad is not None}
    flux.zero_grad(set_to_none=True)
    return found
