"""Picture → mean and log-variance of its latent.

Source: BFL flux/modules/autoencoder.py `Encoder`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from fluxlearn.autoencoder.blocks import Downsample, Middle, ResnetBlock, group_norm
from fluxlearn.config import AutoencoderConfig
from fluxlearn.trace.tap import tap


class EncoderLevel(nn.Module):
    """One resolution: residual blocks, then half the size (not after the last level)."""

    def __init__(self, widths: list[int], groups: int, halve: bool) -> None:
        super().__init__()
        pairs = zip(widths, widths[1:], strict=False)
        self.block = nn.ModuleList(ResnetBlock(a, b, groups) for a, b in pairs)
        self.downsample = Downsample(widths[-1]) if halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        return self.downsample(x)


class Encoder(nn.Module):
    """Three halvings: 8 × 8 pixels become one latent cell.

    conv_in → levels, wider and smaller → middle → norm → conv_out → (mean, log-variance)
    """

    path = "encoder"

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [config.ch, *(config.ch * m for m in config.ch_mult)]
        last = len(config.ch_mult) - 1
        self.conv_in = nn.Conv2d(config.in_channels, config.ch, 3, padding=1)
        self.down = nn.ModuleList(
            EncoderLevel(
                [widths[i]] + [widths[i + 1]] * config.num_res_blocks, config.norm_groups, i < last
            )
            for i in range(last + 1)
        )
        self.mid = Middle(widths[-1], config.norm_groups)
        self.norm_out = group_norm(widths[-1], config.norm_groups)
        self.conv_out = nn.Conv2d(widths[-1], 2 * config.z_channels, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "batch rgb px_h px_w"]
    ) -> Float[Tensor, "batch _ height width"]:
        # Channels last in memory is what convolutions on a CPU are fastest with.
        x = tap(self, "pixels", x).contiguous(memory_format=torch.channels_last)
        h = tap(self, "conv_in", self.conv_in(x))
        for i, level in enumerate(self.down):
            h = tap(self, f"down.{i}", level(h))
        h = tap(self, "mid", self.mid(h))
        return tap(self, "moments", self.conv_out(F.silu(self.norm_out(h))))
