"""How an untrained Flux starts. BFL publishes none: its weights are always loaded.

Every modulation and the last projection start at zero (adaLN-Zero, arXiv:2212.09748): all gates are
closed, every block is the identity, the velocity is zero. Training opens the gates one by one,
which is what keeps a deep stack trainable. The rest is drawn small and even.
"""

import math

import torch
from torch import nn

from fluxlearn.model.flux import Flux
from fluxlearn.model.modulation import Modulation


@torch.no_grad()
def initialise(flux: Flux, generator: torch.Generator) -> Flux:
    """Draw fresh weights for training, in place.

    W ~ U(±√(6 / (in + out)))       biases, modulations and the last projection 0
    """
    for module in flux.modules():
        if isinstance(module, nn.Linear):
            bound = math.sqrt(6 / sum(module.weight.shape))
            module.weight.uniform_(-bound, bound, generator=generator)
            if module.bias is not None:
                module.bias.zero_()
    for embedder in (flux.time_in, flux.vector_in, flux.guidance_in):
        for layer in embedder.children():
            if isinstance(layer, nn.Linear):
                layer.weight.normal_(std=0.02, generator=generator)
    for module in flux.modules():
        if isinstance(module, Modulation):
            module.lin.weight.zero_()
    flux.get_parameter("final_layer.adaLN_modulation.1.weight").zero_()
    flux.get_parameter("final_layer.linear.weight").zero_()
    return flux
