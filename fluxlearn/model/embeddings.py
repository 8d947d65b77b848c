"""Numbers → vectors: the time, the guidance scale and the pooled text become one vector.

    (1)  freqₖ   = 10000^(−k / half)                      k = 0 … half − 1
    (2)  emb(t)  = [cos(1000 t · freq), sin(1000 t · freq)]
    (3)  vec     = time_in(emb(t)) + guidance_in(emb(g)) + vector_in(pooled text)

`vec` knows when, how strongly and roughly what; every block's modulation is computed from it.

Source: BFL flux/modules/layers.py `timestep_embedding`, `MLPEmbedder`.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

TIME_FACTOR = 1000.0
MAX_PERIOD = 10_000


def timestep_embedding(
    t: Float[Tensor, " batch"], channels: int = 256
) -> Float[Tensor, "batch freq"]:
    """Write a number as the hands of many clocks, from fast to slow.

        emb(t) = [cos(1000 t · freq), sin(1000 t · freq)]      cosines first

    t         a time in [0, 1], or a guidance scale as it is (3.5, not 3500).
    channels  even; half of them are cosines.

    Source: BFL flux/modules/layers.py `timestep_embedding`.
    """
    # The product is taken in t's own dtype, as in BFL: in bf16, 1000 · 0.73 comes out as 732 (it is
    # 730). The reference models were trained with it, so exactness here means rounding alike.
    t = TIME_FACTOR * t
    half = channels // 2
    exponents = torch.arange(half, dtype=torch.float32, device=t.device) / half
    frequencies = torch.exp(-math.log(MAX_PERIOD) * exponents)
    angles = t[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1).to(t)


class MLPEmbedder(nn.Module):
    """A linear layer, SiLU, and another: from an embedding to the width of the model.

        out_layer(silu(in_layer(x)))

    Source: BFL flux/modules/layers.py `MLPEmbedder`.
    """

    def __init__(self, in_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.in_layer = nn.Linear(in_dim, hidden_dim)
        self.silu = nn.SiLU()
        self.out_layer = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Float[Tensor, "batch _"]) -> Float[Tensor, "batch dim"]:
        return self.out_layer(self.silu(self.in_layer(x)))
