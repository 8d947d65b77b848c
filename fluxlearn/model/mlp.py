"""The token-wise MLP of a double block: widen, bend, narrow.

    mlp(x) = W₂ · gelu(W₁ · x)

Source: BFL flux/modules/layers.py, `img_mlp` and `txt_mlp` (an nn.Sequential there and here, so
that the state-dict keys are `img_mlp.0` and `img_mlp.2`).
"""

from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.trace.tap import tap


class MLP(nn.Sequential):
    """Two linear layers with a tanh-approximated GELU between them.

    [batch, seq, dim] → [batch, seq, hidden] → [batch, seq, dim]
    """

    path = ""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(dim, hidden),
            nn.GELU(approximate="tanh"),
            nn.Linear(hidden, dim),
        )

    def forward(self, x: Float[Tensor, "batch _ dim"]) -> Float[Tensor, "batch _ dim"]:
        pre = tap(self, "mlp_pre", self[0](x))
        act = tap(self, "mlp_act", self[1](pre))
        return tap(self, "mlp_out", self[2](act))
