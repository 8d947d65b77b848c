"""The double-stream block: text and image keep their own weights and attend to each other.

Source: BFL flux/modules/layers.py `DoubleStreamBlock`; MM-DiT, arXiv:2403.03206.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.config import FluxConfig
from fluxlearn.model.attention import Heads, SelfAttention, joint_attention
from fluxlearn.model.mlp import MLP
from fluxlearn.model.modulation import Modulated, Modulation, modulate
from fluxlearn.model.paths import name_double
from fluxlearn.model.points import double_points
from fluxlearn.trace.point import Point
from fluxlearn.trace.tap import tap


class DoubleStreamBlock(nn.Module):
    """Two streams, one attention.

        q, k, v = heads(modulate(norm1(x)))             each stream, its own weights
        z       = attention(text ++ image)              the only place where they meet
        x       = x + gate₁ · proj(z)                   each stream
        x       = x + gate₂ · mlp(modulate(norm2(x)))   each stream

    State-dict keys are BFL's: `img_mod.lin`, `img_attn.{qkv,norm,proj}`, `img_mlp.{0,2}`, and the
    same with `txt_`. The LayerNorms have no parameters.
    """

    path = ""

    def __init__(self, config: FluxConfig) -> None:
        super().__init__()
        dim, heads, bias = config.hidden_size, config.num_heads, config.qkv_bias

        self.img_mod = Modulation(dim, branches=2)
        self.img_norm1 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.img_attn = SelfAttention(dim, heads, bias)
        self.img_norm2 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.img_mlp = MLP(dim, config.mlp_hidden)

        self.txt_mod = Modulation(dim, branches=2)
        self.txt_norm1 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.txt_attn = SelfAttention(dim, heads, bias)
        self.txt_norm2 = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.txt_mlp = MLP(dim, config.mlp_hidden)
        name_double(self, "")

    def forward(
        self,
        img: Float[Tensor, "batch img dim"],
        txt: Float[Tensor, "batch txt dim"],
        vec: Float[Tensor, "batch dim"],
        pe: Float[Tensor, "_ 1 seq pair 2 2"],
    ) -> tuple[Float[Tensor, "batch img dim"], Float[Tensor, "batch txt dim"]]:
        if tap(self, "bypass", False):
            return img, txt
        img_mod1, img_mod2 = self.img_mod(vec)
        txt_mod1, txt_mod2 = self.txt_mod(vec)

        img, img_heads = enter_attention(self.img_attn, self.img_norm1, img, img_mod1)
        txt, txt_heads = enter_attention(self.txt_attn, self.txt_norm1, txt, txt_mod1)

        # Text comes first: the order of the position ids and of the single blocks.
        both = Heads(*(torch.cat(pair, dim=2) for pair in zip(txt_heads, img_heads, strict=True)))
        z = joint_attention(self, both, pe)
        txt_z, img_z = z.split([txt.shape[1], img.shape[1]], dim=1)

        img = leave_attention(self.img_attn, img, img_z, img_mod1)
        img = think(self.img_mlp, self.img_norm2, img, img_mod2)

        txt = leave_attention(self.txt_attn, txt, txt_z, txt_mod1)
        txt = think(self.txt_mlp, self.txt_norm2, txt, txt_mod2)
        return img, txt

    def points(self) -> tuple[Point, ...]:
        """Every place in this block that can be read or edited, in order of execution."""
        return double_points(self.path)


def enter_attention(
    attn: SelfAttention, norm: nn.LayerNorm, x: Float[Tensor, "batch _ dim"], mod: Modulated
) -> tuple[Float[Tensor, "batch _ dim"], Heads]:
    """One stream's way into attention: normalise, modulate, project, split into heads.

    The stream is given back too, as an edit of `resid_pre` may have left it.
    """
    x = tap(attn, "resid_pre", x)
    normed = tap(attn, "norm1", norm(x))
    return x, attn.heads(tap(attn, "attn_in", modulate(normed, mod.shift, mod.scale)))


def leave_attention(
    attn: SelfAttention, x: Float[Tensor, "batch _ dim"], z: Tensor, mod: Modulated
) -> Float[Tensor, "batch _ dim"]:
    """One stream's way out: project what attention gathered and add it, gated."""
    out = tap(attn, "attn_out", attn.proj(tap(attn, "z", z)))
    write = tap(attn, "attn_write", mod.gate * out)
    return tap(attn, "resid_mid", x + write)


def think(
    mlp: MLP, norm: nn.LayerNorm, x: Float[Tensor, "batch _ dim"], mod: Modulated
) -> Float[Tensor, "batch _ dim"]:
    """Each token for itself: normalise, modulate, MLP, and add it, gated."""
    normed = tap(mlp, "norm2", norm(x))
    out = mlp(tap(mlp, "mlp_in", modulate(normed, mod.shift, mod.scale)))
    write = tap(mlp, "mlp_write", mod.gate * out)
    return tap(mlp, "resid_post", x + write)
