"""The smallest models that still have every part, with random weights that hide nothing.

A fresh Flux has zero gates or small weights, so a mistake in a late block would not show. Here
every weight matrix keeps the size of what it maps, and every norm scale differs from 1.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.config import AutoencoderConfig, FluxConfig
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.options import Defaults
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.positions import image_ids, text_ids
from fluxlearn.text.conditioning import Conditioning

FLUX = FluxConfig(
    in_channels=16,
    out_channels=16,
    vec_in_dim=12,
    context_in_dim=20,
    hidden_size=32,
    mlp_ratio=4.0,
    num_heads=2,
    depth=2,
    depth_single_blocks=2,
    axes_dim=(4, 6, 6),
    theta=10_000,
    qkv_bias=True,
    guidance_embed=True,
)
SCHNELL = replace(FLUX, guidance_embed=False)
CONTROL = replace(FLUX, in_channels=2 * 16)
FILL = replace(FLUX, in_channels=2 * 16 + 256)

AUTOENCODER = AutoencoderConfig(
    resolution=32,
    in_channels=3,
    ch=8,
    out_ch=3,
    ch_mult=(1, 1, 2, 2),
    num_res_blocks=1,
    z_channels=4,
    scale_factor=0.5,
    shift_factor=0.1,
    norm_groups=4,
)


def randomise(model: nn.Module) -> nn.Module:
    """Draw every parameter anew: matrices that keep sizes, scales near 1, biases near 0."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
            else:
                parameter.normal_(mean=0.0 if name.endswith("bias") else 1.0, std=0.1)
    return model.eval().requires_grad_(False)


def tiny_flux(config: FluxConfig = FLUX) -> Flux:
    """A random transformer."""
    return randomise(Flux(config))


def tiny_autoencoder(config: AutoencoderConfig = AUTOENCODER) -> AutoEncoder:
    """A random autoencoder."""
    return randomise(AutoEncoder(config))


def tiny_inputs(
    config: FluxConfig = FLUX, batch: int = 2, grid: tuple[int, int] = (2, 3), txt: int = 5
) -> dict[str, Tensor]:
    """Random arguments for `Flux.forward`, for a picture of rows × columns tokens."""
    rows, columns = grid
    inputs = {
        "img": torch.randn(batch, rows * columns, config.in_channels),
        "img_ids": image_ids(batch, 16 * rows, 16 * columns),
        "txt": torch.randn(batch, txt, config.context_in_dim),
        "txt_ids": text_ids(batch, txt),
        "timesteps": torch.rand(batch),
        "y": torch.randn(batch, config.vec_in_dim),
    }
    return inputs | ({"guidance": 1 + 4 * torch.rand(batch)} if config.guidance_embed else {})


def tiny_conditioning(config: FluxConfig = FLUX, batch: int = 2, txt: int = 5) -> Conditioning:
    """Random text features."""
    return Conditioning(
        txt=torch.randn(batch, txt, config.context_in_dim),
        pooled=torch.randn(batch, config.vec_in_dim),
        prompts=tuple(f"prompt {i}" for i in range(batch)),
    )


def tiny_pipeline(config: FluxConfig = FLUX, guidance_by: str = "embedded") -> Pipeline:
    """A random model that paints 32 × 32 pixels in three steps; prompts come as conditionings."""
    defaults = Defaults(
        name="tiny", steps=3, guidance=3.5, guidance_by=guidance_by, shifted=True, size=32
    )
    return Pipeline(None, tiny_flux(config), tiny_autoencoder(), defaults)
