"""The parts of the autoencoder: residual block, spatial attention, halving and doubling.

Source: BFL flux/modules/autoencoder.py `ResnetBlock`, `AttnBlock`, `Downsample`, `Upsample`.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

Features = Float[Tensor, "batch feature height width"]
Widened = Float[Tensor, "batch _ height width"]
Resized = Float[Tensor, "batch feature _ _"]


def group_norm(channels: int, groups: int) -> nn.GroupNorm:
    """GroupNorm with BFL's epsilon. With as many groups as channels it would forget every mean."""
    return nn.GroupNorm(groups, channels, eps=1e-6, affine=True)


class ResnetBlock(nn.Module):
    """Two convolutions beside a shortcut.

    h = conv1(swish(norm1(x)))
    x = shortcut(x) + conv2(swish(norm2(h)))       1 × 1 shortcut where the width changes
    """

    def __init__(self, in_channels: int, out_channels: int, groups: int) -> None:
        super().__init__()
        self.norm1 = group_norm(in_channels, groups)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels, groups)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.has_shortcut = in_channels != out_channels
        if self.has_shortcut:
            self.nin_shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Features) -> Widened:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if self.has_shortcut else x) + h


class AttnBlock(nn.Module):
    """Every cell looks at every other, with a single head as wide as the features.

    x = x + proj_out(softmax(q kᵀ / √feature) v)        q, k, v: 1 × 1 convolutions of norm(x)
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = group_norm(channels, groups)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Features) -> Features:
        normed = self.norm(x)
        pattern = "batch feature height width -> batch 1 (height width) feature"
        # Contiguous, or the fused kernel is passed over and all pairs of cells are held in memory.
        q, k, v = (rearrange(f(normed), pattern).contiguous() for f in (self.q, self.k, self.v))

        seen = F.scaled_dot_product_attention(q, k, v)
        back = "batch 1 (height width) feature -> batch feature height width"
        return x + self.proj_out(rearrange(seen, back, height=x.shape[2]))


class Downsample(nn.Module):
    """Half the size: a convolution with stride 2, padded right and below only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=0)

    def forward(self, x: Features) -> Resized:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Twice the size: every cell becomes four, then a convolution smooths the steps."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Features) -> Resized:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Middle(nn.Module):
    """The narrowest place of encoder and decoder: residual, attention, residual."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels, groups)
        self.attn_1 = AttnBlock(channels, groups)
        self.block_2 = ResnetBlock(channels, channels, groups)

    def forward(self, x: Features) -> Features:
        return self.block_2(self.attn_1(self.block_1(x)))
