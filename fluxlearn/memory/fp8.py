"""Weights in eight bits while a model is at work: half of bf16's memory, for some digits.

    plain     w ≈ fp8(w)
    tensor    w ≈ s · fp8(w / s),  s = max|w| / 448, one for a matrix
    row       the same, one for each row
    block     the same, one for 64 neighbours in a row; one for a row where 64 does not divide it

float8_e4m3fn has 3 binary digits after the first. Below 2⁻⁶ = 0.0156 it has fewer, and below 2⁻¹⁰
there is only 0: weights as small as FLUX.1's must be scaled before they are cast.

    error of weights drawn from N(0, σ²)     σ = 0.02     0.005     0.001
    plain                                       3.3 %      11 %      56 %
    tensor, row or block                        2.6 %     2.6 %     2.6 %

Only matrices of the blocks are stored so, 99 % of FLUX.1-dev. What is outside of the blocks stays,
as do biases and norm scales: there is little to save, and the first and last layers' errors reach
every token. Each product takes the weights back to the precision of its input, so nothing is
faster.

Source: kohya-ss sd-scripts, library/fp8_optimization_utils.py; what stays is diffusion-pipe's list.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.checkpoints.fp8 import descale
from fluxlearn.memory.around import blocks_of
from fluxlearn.model.calls import flux_of

LARGEST = 448.0
"""Of the numbers of float8_e4m3fn."""

BLOCK = 64
WAYS = ("plain", "tensor", "row", "block")


class Fp8Linear(nn.Module):
    """A linear layer whose weight is stored in eight bits.

    y = (s · W₈) x + b

    State-dict keys are those of scaled files: `weight`, `scale_weight`, `bias`.
    """

    def __init__(self, plain: nn.Linear, way: str) -> None:
        super().__init__()
        weight, scale = to_fp8(plain.weight.detach(), way)
        self.in_features, self.out_features, self.way = plain.in_features, plain.out_features, way
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.register_buffer("scale_weight", scale)
        self.bias = plain.bias

    def forward(self, x: Float[Tensor, "*batch _"]) -> Float[Tensor, "*batch _"]:
        return nn.functional.linear(x, self.wide().to(x.dtype), self.bias)

    def wide(self) -> Float[Tensor, "_ _"]:
        """The weight in bf16."""
        scale = self.get_buffer("scale_weight") if self.way != "plain" else torch.ones(())
        return descale(self.weight, scale.to(self.weight.device))

    def extra_repr(self) -> str:
        """What is shown where the model is printed."""
        return f"in_features={self.in_features}, out_features={self.out_features}, {self.way}"


def store_in_fp8(model: Any, way: str = "row") -> None:
    """Store the matrices of a model's blocks in eight bits, in place and for good.

    model  a Pipeline or a Flux whose weights are not trained any more.
    way    one of `WAYS`.

    Raises TypeError for anything else, ValueError for another way or weights that are trained.
    """
    flux = flux_of(model)
    _check_way(way)
    for name, parameter in flux.named_parameters():
        if parameter.requires_grad:
            raise ValueError(
                f"{name} is trained, but steps are smaller than what eight bits can tell apart. "
                f"Call flux.requires_grad_(False) when training is over."
            )
    for block in blocks_of(flux):
        linear = [(name, m) for name, m in block.named_modules() if type(m) is nn.Linear]
        for name, layer in linear:
            block.set_submodule(name, Fp8Linear(layer, way))


def to_fp8(weight: Float[Tensor, "_ _"], way: str) -> tuple[Tensor, Tensor | None]:
    """A matrix in eight bits, and the scales that undo its scaling; None for "plain".

    Raises ValueError for a way that is none of `WAYS`.
    """
    _check_way(way)
    # fp8(500) would be NaN; nothing that large is in a trained model, but nothing forbids it.
    if way == "plain":
        return weight.clamp(-LARGEST, LARGEST).to(torch.float8_e4m3fn), None
    wide = weight.float()
    if way == "block" and weight.shape[1] % BLOCK == 0:
        wide = wide.unflatten(1, (-1, BLOCK))
    scale = wide.abs().amax(dim=-1, keepdim=True) if way != "tensor" else wide.abs().amax()
    # A row of zeros has no size; any scale gives it back.
    scale = torch.where(scale > 0, scale / LARGEST, 1.0)
    eight = (wide / scale).clamp(-LARGEST, LARGEST).to(torch.float8_e4m3fn)
    return eight.reshape(weight.shape), scale


def _check_way(way: str) -> None:
    if way not in WAYS:
        raise ValueError(f"way is {way!r}, but there are {', '.join(WAYS)}.")
