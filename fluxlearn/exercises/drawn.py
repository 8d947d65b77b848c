"""Parts of a model in miniature: weights and tokens drawn at random, alike for the same seed."""

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.config import PRESETS, FluxConfig
from fluxlearn.model.rope import EmbedND

SMALL = replace(PRESETS["flux-dev"], hidden_size=16, num_heads=2, axes_dim=(4, 2, 2))
BATCH, TXT, IMG = 2, 3, 5

Kind = Callable[[FluxConfig], nn.Module]
Weights = dict[str, Tensor]
"""A module's weights under the keys of its own state dict: `img_mod.lin.weight`, …"""


def draw_weights(kind: Kind, generator: torch.Generator) -> Weights:
    """Weights for one of the package's modules: matrices that keep sizes, scales near 1."""
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in kind(SMALL).state_dict().items()}
    return {
        key: torch.randn(shape, generator=generator) * shape[-1] ** -0.5 + key.endswith("scale")
        for key, shape in shapes.items()
    }


def draw_tokens(count: int, generator: torch.Generator) -> Float[Tensor, "batch seq dim"]:
    """A stream of so many tokens."""
    return torch.randn(BATCH, count, SMALL.hidden_size, generator=generator)


def draw_vec(generator: torch.Generator) -> Float[Tensor, "batch dim"]:
    """What time, guidance and prompt have become."""
    return torch.randn(BATCH, SMALL.hidden_size, generator=generator)


def draw_rotations(generator: torch.Generator) -> Float[Tensor, "1 1 seq pair 2 2"]:
    """Rotations for text and picture, every token at a place of its own."""
    ids = torch.randint(0, 20, (1, TXT + IMG, 3), generator=generator).float()
    return EmbedND(SMALL.theta, SMALL.axes_dim)(ids)


def built(kind: Kind, weights: Weights, pe: Tensor) -> nn.Module:
    """The package's own block with these weights, whatever its width; pe tells the heads' size."""
    # Modulation comes first in either block, and reads a vector of the model's width.
    dim, head_dim = next(iter(weights.values())).shape[1], 2 * pe.shape[3]
    config = replace(
        SMALL, hidden_size=dim, num_heads=dim // head_dim, axes_dim=(head_dim - 4, 2, 2)
    )
    with torch.device("meta"):
        block = kind(config)
    block.load_state_dict(weights, assign=True)
    return block
