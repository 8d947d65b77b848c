"""Modulation: how time, guidance and pooled text reach every block (adaLN).

    (1)  shift β, scale γ, gate α = split(lin(silu(vec)))
    (2)  modulate(x)              = (1 + γ) · x + β            x fresh from a LayerNorm
    (3)  residual                 : x ← x + α · f(modulate(norm(x)))

One vector a picture, the same for all its tokens. At initialisation `lin` is zero: every gate is 0,
every block passes its input through unchanged, and training opens the gates.

Source: BFL flux/modules/layers.py `Modulation`; adaLN-Zero, arXiv:2212.09748.
"""

from typing import NamedTuple

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.trace.tap import tap


class Modulated(NamedTuple):
    """Shift, scale and gate for one branch of a block, ready to broadcast over tokens."""

    shift: Float[Tensor, "batch 1 dim"]
    scale: Float[Tensor, "batch 1 dim"]
    gate: Float[Tensor, "batch 1 dim"]


class Modulation(nn.Module):
    """Shift, scale and gate for each of a block's branches, from the conditioning vector.

        [β₁, γ₁, α₁, β₂, γ₂, α₂] = lin(silu(vec))       a double block's stream: attention, MLP
        [β,  γ,  α]              = lin(silu(vec))       a single block: both at once

    Source: BFL flux/modules/layers.py `Modulation` (its `double` is our two branches).
    """

    path = ""

    def __init__(self, dim: int, branches: int) -> None:
        super().__init__()
        self.branches = branches
        self.lin = nn.Linear(dim, 3 * branches * dim)

    def forward(self, vec: Float[Tensor, "batch dim"]) -> tuple[Modulated, ...]:
        chunks = self.lin(nn.functional.silu(vec))
        chunks = rearrange(
            chunks, "batch (chunk dim) -> chunk batch 1 dim", chunk=3 * self.branches
        )
        named = [tap(self, name, chunk) for name, chunk in zip(self._names(), chunks, strict=True)]
        return tuple(Modulated(*named[i : i + 3]) for i in range(0, len(named), 3))

    def _names(self) -> list[str]:
        suffixes = [""] if self.branches == 1 else [str(i + 1) for i in range(self.branches)]
        return [part + suffix for suffix in suffixes for part in ("shift", "scale", "gate")]


def modulate(
    x: Float[Tensor, "batch _ dim"],
    shift: Float[Tensor, "batch 1 dim"],
    scale: Float[Tensor, "batch 1 dim"],
) -> Float[Tensor, "batch _ dim"]:
    """Stretch and move a normalised stream: (1 + scale) · x + shift."""
    return (1 + scale) * x + shift
