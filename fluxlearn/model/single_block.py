"""The single-stream block: one sequence, attention and MLP side by side.

Source: BFL flux/modules/layers.py `SingleStreamBlock`; parallel layers, arXiv:2302.05442.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.config import FluxConfig
from fluxlearn.model.attention import QKNorm, joint_attention, split_heads
from fluxlearn.model.modulation import Modulation, modulate
from fluxlearn.model.paths import name_single
from fluxlearn.model.points import single_points
from fluxlearn.trace.point import Point
from fluxlearn.trace.tap import tap


class SingleStreamBlock(nn.Module):
    """Text and image as one stream; what follows attention does not wait for it.

        qkv, h = split(linear1(modulate(norm(x))))
        z      = attention(qkv)
        x      = x + gate · linear2(z ++ gelu(h))

    `linear1` is qkv and the MLP's first layer fused, `linear2` the attention's output projection
    and the MLP's second. State-dict keys are BFL's: `linear1`, `linear2`, `norm`, `modulation.lin`.
    """

    path = ""

    def __init__(self, config: FluxConfig) -> None:
        super().__init__()
        dim = config.hidden_size
        self.num_heads = config.num_heads
        self.widths = [3 * dim, config.mlp_hidden]

        self.modulation = Modulation(dim, branches=1)
        self.pre_norm = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.linear1 = nn.Linear(dim, 3 * dim + config.mlp_hidden)
        self.norm = QKNorm(config.head_dim)
        self.mlp_act = nn.GELU(approximate="tanh")
        self.linear2 = nn.Linear(dim + config.mlp_hidden, dim)
        name_single(self, "")

    def forward(
        self,
        x: Float[Tensor, "batch seq dim"],
        vec: Float[Tensor, "batch dim"],
        pe: Float[Tensor, "_ 1 seq pair 2 2"],
    ) -> Float[Tensor, "batch seq dim"]:
        if tap(self, "bypass", False):
            return x
        (mod,) = self.modulation(vec)

        x = tap(self, "resid_pre", x)
        normed = tap(self, "norm", self.pre_norm(x))
        x_mod = tap(self, "x_mod", modulate(normed, mod.shift, mod.scale))
        qkv, mlp_pre = self.linear1(x_mod).split(self.widths, dim=-1)

        heads = self.norm(self, split_heads(qkv, self.num_heads))
        z = tap(self, "z", joint_attention(self, heads, pe))
        act = tap(self, "mlp_act", self.mlp_act(tap(self, "mlp_pre", mlp_pre)))

        out = tap(self, "out", self.linear2(tap(self, "cat", torch.cat([z, act], dim=-1))))
        write = tap(self, "write", mod.gate * out)
        return tap(self, "resid_post", x + write)

    def points(self) -> tuple[Point, ...]:
        """Every place in this block that can be read or edited, in order of execution."""
        return single_points(self.path)
