"""Make shift, scale and gate for each of a block's branches from the one vector `vec`.

    [β₁, γ₁, α₁, β₂, γ₂, α₂] = weight · silu(vec) + bias

weight is [3 · branches · dim, dim]. Each part becomes [batch, 1, dim]: one for all tokens. Checked
with toy-dev's weights, yours modulates the model's first block.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def modulation(
    vec: Float[Tensor, "batch dim"],
    weight: Float[Tensor, "_ dim"],
    bias: Float[Tensor, " _"],
    branches: int,
) -> tuple[Float[Tensor, "batch 1 dim"], ...]:
    """What `fluxlearn.model.modulation.Modulation` computes."""
    chunks = F.linear(F.silu(vec), weight, bias)
    return chunks[:, None].chunk(3 * branches, dim=-1)


def by_unbinding(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """The parts as an axis, which is then taken apart."""
    chunks = (vec * vec.sigmoid()) @ weight.T + bias
    return chunks.reshape(len(vec), 3 * branches, 1, -1).unbind(dim=1)


def no_activation(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """SiLU is missing: it comes before the linear layer."""
    return F.linear(vec, weight, bias)[:, None].chunk(3 * branches, dim=-1)


def activation_last(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """SiLU comes after the linear layer, where it forbids gates below −0.28: it comes before."""
    return F.silu(F.linear(vec, weight, bias))[:, None].chunk(3 * branches, dim=-1)


def scale_first(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """Scale stands before shift, as diffusers has it in its last layer: FLUX has shift first."""
    parts = modulation(vec, weight, bias, branches)
    return tuple(parts[3 * i + j] for i in range(branches) for j in (1, 0, 2))


def gate_first(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """The gate stands first: the order is shift, scale, gate."""
    parts = modulation(vec, weight, bias, branches)
    return tuple(parts[3 * i + j] for i in range(branches) for j in (2, 0, 1))


def sorted_by_kind(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """Both shifts stand first, then both scales: a branch's three stand together."""
    parts = modulation(vec, weight, bias, branches)
    return tuple(parts[branches * j + i] for i in range(branches) for j in range(3))


def strided(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """Every third value goes to the same part: parts are neighbouring blocks of dim values."""
    chunks = F.linear(F.silu(vec), weight, bias)[:, None]
    return tuple(chunks[..., i :: 3 * branches] for i in range(3 * branches))


def no_token_axis(vec: Tensor, weight: Tensor, bias: Tensor, branches: int) -> tuple[Tensor, ...]:
    """The axis for the tokens is missing: with [:, None] one vector serves all of them."""
    return F.linear(F.silu(vec), weight, bias).chunk(3 * branches, dim=-1)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, int]:
    """A model of width 4 and a block with two branches."""
    shapes = ((3, 4), (6 * 4, 4), (6 * 4,))
    vec, weight, bias = (torch.randn(shape, generator=generator) for shape in shapes)
    return vec, weight, bias, 2


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor, int]:
    """The first double block's modulation of the picture."""
    layer, flux = "double_blocks.0.img_mod.lin", trained.pipe.flux
    weight, bias = (flux.get_parameter(f"{layer}.{name}") for name in ("weight", "bias"))
    return trained.seen["vec"], weight, bias, 2


EXERCISE = Exercise(
    solution=modulation,
    other=by_unbinding,
    mistakes=(
        no_activation,
        activation_last,
        scale_first,
        gate_first,
        sorted_by_kind,
        strided,
        no_token_axis,
    ),
    hints=(
        "One linear layer makes all parts at once; the rest is cutting.",
        "The activation comes first: F.linear(F.silu(vec), weight, bias) has all parts in a row.",
        "[:, None] adds the axis for the tokens; .chunk(3 * branches, dim=-1) cuts.",
    ),
    returns="3 · branches parts, each [batch, 1, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("vec", "weight"),
)
