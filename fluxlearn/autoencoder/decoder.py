"""Latent → picture.

Source: BFL flux/modules/autoencoder.py `Decoder`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from fluxlearn.autoencoder.blocks import Middle, ResnetBlock, Upsample, group_norm
from fluxlearn.config import AutoencoderConfig
from fluxlearn.trace.tap import tap


class DecoderLevel(nn.Module):
    """One resolution: residual blocks, then twice the size (not after the last level)."""

    def __init__(self, widths: list[int], groups: int, double: bool) -> None:
        super().__init__()
        pairs = zip(widths, widths[1:], strict=False)
        self.block = nn.ModuleList(ResnetBlock(a, b, groups) for a, b in pairs)
        self.upsample = Upsample(widths[-1]) if double else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        return self.upsample(x)


class Decoder(nn.Module):
    """Three doublings: one latent cell becomes 8 × 8 pixels.

        conv_in → middle → levels, larger and narrower → norm → conv_out

    Levels are numbered as in the encoder, so the highest number runs first.
    """

    path = "decoder"

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [config.ch * m for m in config.ch_mult]
        entering = [*widths[1:], widths[-1]]  # a level's input has the width of the level above
        blocks, groups = config.num_res_blocks + 1, config.norm_groups
        self.conv_in = nn.Conv2d(config.z_channels, widths[-1], 3, padding=1)
        self.mid = Middle(widths[-1], groups)
        self.up = nn.ModuleList(
            DecoderLevel([entering[i]] + [width] * blocks, groups, double=i > 0)
            for i, width in enumerate(widths)
        )
        self.norm_out = group_norm(widths[0], groups)
        self.conv_out = nn.Conv2d(widths[0], config.out_ch, 3, padding=1)

    def forward(
        self, z: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch rgb px_h px_w"]:
        # Channels last in memory is what convolutions on a CPU are fastest with.
        z = tap(self, "latent", z).contiguous(memory_format=torch.channels_last)
        h = tap(self, "conv_in", self.conv_in(z))
        h = tap(self, "mid", self.mid(h))
        for i, level in reversed(list(enumerate(self.up))):
            h = tap(self, f"up.{i}", level(h))
        return tap(self, "pixels", self.conv_out(F.silu(self.norm_out(h))))
