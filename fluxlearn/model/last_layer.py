"""The last layer: from the residual stream to a velocity for every token.

Source: BFL flux/modules/layers.py `LastLayer`.
"""

from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.config import FluxConfig
from fluxlearn.model.modulation import modulate
from fluxlearn.model.points import last_layer_points
from fluxlearn.trace.point import Point
from fluxlearn.trace.tap import tap


class LastLayer(nn.Module):
    """A last modulation, without gate, and a projection to patch values.

    β, γ = split(W · silu(vec))             shift first; diffusers stores scale first
    v    = linear((1 + γ) · norm(x) + β)
    """

    path = "final"

    def __init__(self, config: FluxConfig) -> None:
        super().__init__()
        dim = config.hidden_size
        self.norm_final = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.linear = nn.Linear(dim, config.out_channels)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 2 * dim))

    def forward(
        self, x: Float[Tensor, "batch img dim"], vec: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, "batch img patch"]:
        shift, scale = self.adaLN_modulation(vec)[:, None].chunk(2, dim=-1)
        shift, scale = tap(self, "shift", shift), tap(self, "scale", scale)

        normed = tap(self, "norm", self.norm_final(tap(self, "resid", x)))
        return self.linear(tap(self, "mod", modulate(normed, shift, scale)))

    def points(self) -> tuple[Point, ...]:
        """Every place in this layer that can be read or edited, in order of execution."""
        return last_layer_points(self.path)
