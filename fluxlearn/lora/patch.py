"""A LoRA: a low-rank change of some layers, in one form whatever file it came from.

    (1)  y  = W x + b                                       a linear layer
    (2)  y += m · (α / r) · (up · (down · x) + bias)        with a patch beside it, at scale m
    (3)  W += m · (α / r) · up · down                       the same with the patch fused

`down` [r, in] reads r directions of the input and `up` [rows, r] writes each of them to the output:
r · (in + rows) numbers instead of in · rows. The rank r is seen from the shapes; α cannot be seen,
it is an agreement, and a loader that misses it applies the change at the wrong strength.

A patch may change only some rows of its layer: q alone of a fused q, k, v. So a file that keeps q,
k and v apart and a file that has them in one piece are two spellings of the same thing.

Source: arXiv:2106.09685; the bias, in control LoRAs only: BFL flux/modules/lora.py `LinearLora`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """A low-rank change of a linear layer, or of some neighbouring rows of it."""

    down: Float[Tensor, "_rank _in"]  # called lora_A, lora_down or down in files
    up: Float[Tensor, "_rows _rank"]  # called lora_B, lora_up or up
    alpha: float  # the change is α / rank · up · down
    first: int = 0  # the first row of the layer's output that is changed
    bias: Float[Tensor, " _rows"] | None = None  # is scaled like the rest

    @property
    def rank(self) -> int:
        """How many directions of the input are read."""
        return self.down.shape[0]

    @property
    def last(self) -> int:
        """The row after the last one that is changed."""
        return self.first + self.up.shape[0]

    @property
    def scale(self) -> float:
        """The strength that is built in: α / rank."""
        return self.alpha / self.rank

    def delta(self) -> Float[Tensor, "_rows _in"]:
        """The change of the weight's rows, equation (3) at scale 1, in float32 or wider."""
        return (self.scale * widen(self.up)) @ widen(self.down)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Lora:
    """All patches of a model, by layer; layers have BFL's names, as in the model itself."""

    patches: dict[str, tuple[Patch, ...]]
    replaced: dict[str, Tensor] = field(default_factory=dict)  # parameters that are given anew
    text: dict[str, Tensor] = field(default_factory=dict)  # the text encoders' share, as it came
    format: str = ""  # of the file it came from

    @cached_property
    def parameters(self) -> int:
        """How many numbers the patches hold."""
        patches = [patch for layer in self.patches.values() for patch in layer]
        held = [t for p in patches for t in (p.down, p.up, p.bias) if t is not None]
        return sum(tensor.numel() for tensor in held + [*self.replaced.values()])

    def __repr__(self) -> str:
        ranks = {patch.rank for layer in self.patches.values() for patch in layer}
        span = "–".join(str(rank) for rank in sorted({min(ranks), max(ranks)})) if ranks else "0"
        text = f", {len(self.text)} tensors for text encoders" if self.text else ""
        size = f"{len(self.patches)} layers, rank {span}, {self.parameters:,} parameters"
        return f"Lora({size}{text})"


def combine(loras: Sequence[tuple[Lora, float]]) -> Lora:
    """Several LoRAs as one, each at its scale: their changes add up, and so do their ranks.

    Raises ValueError where two give different values for one parameter, or where one has a share
    for the text encoders.
    """
    patches: dict[str, tuple[Patch, ...]] = {}
    replaced: dict[str, Tensor] = {}
    for lora, scale in loras:
        if lora.text:
            raise ValueError(
                f"the LoRA also changes the text encoders ({next(iter(lora.text))}), which cannot "
                f"be combined here. Leave that out with dataclasses.replace(lora, text={{}})."
            )
        for layer, some in lora.patches.items():
            scaled = tuple(replace(patch, alpha=patch.alpha * scale) for patch in some)
            patches[layer] = patches.get(layer, ()) + scaled
        for name, value in lora.replaced.items():
            if not torch.equal(replaced.setdefault(name, value), value):
                raise ValueError(
                    f"{name} is given anew by two of these LoRAs, with different values. Only one "
                    f"control LoRA can be used at a time."
                )
    return Lora(patches=patches, replaced=replaced)


def widen(tensor: Tensor) -> Tensor:
    """The same values in float32, unless they have more digits than that."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()
