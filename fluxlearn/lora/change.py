"""What LoRAs do to a model, kept in order, so that each can be taken off without a trace.

    parameter = cast(original + Σ m · (α / r) · up · down)         a sum over what is fused

A fused weight cannot be had back by subtraction: in bf16 the sum was rounded. So the original is
kept, in main memory, from the first change of a parameter to the end of the last, and every change
computes the parameter from it anew. Taking one of several LoRAs off leaves the very bits that would
be there had it never come.
"""

import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from fluxlearn.lora.fit import check_scale, flux_of
from fluxlearn.lora.linear import LinearLora, LowRank, linear_at
from fluxlearn.lora.patch import Lora, Patch, widen
from fluxlearn.model.flux import Flux


class Change:
    """A LoRA at work in a model; as a context manager it comes off at the end of the block.

    change = attach(pipe, lora)
    change.scale = 0.5
    change.remove()
    """

    def __init__(self, flux: Flux, lora: Lora, scale: float, beside: dict[str, list[LowRank]]):
        self.flux, self.lora = flux, lora
        self.beside = beside  # by layer; what is fused has nothing beside the layers
        self._scale = scale

    @property
    def scale(self) -> float:
        """The strength m; may be set at any time. Norm scales that are given anew have none."""
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        """Set the strength; raises ValueError for what is not finite."""
        check_scale(scale)
        self._scale = scale
        for beside in self.beside.values():
            for patch in beside:
                patch.strength = scale
        if self in changes(self.flux):
            _compute(self.flux, self.names)

    @property
    def names(self) -> list[str]:
        """The parameters of the model that have other values under this change."""
        fused = {} if self.beside else self.lora.patches
        weights = [f"{layer}.weight" for layer in fused]
        biases = [f"{n}.bias" for n, some in fused.items() if any(p.bias is not None for p in some)]
        return [*weights, *biases, *self.lora.replaced]

    def remove(self) -> None:
        """Take the LoRA off: the model is bit for bit what it would be without it."""
        if self not in changes(self.flux):
            return
        for name, beside in self.beside.items():
            layer = cast(LinearLora, self.flux.get_submodule(name))
            layer.patches = nn.ModuleList(p for p in layer.patches if p not in beside)
            if not layer.patches:
                self.flux.set_submodule(name, layer.take_off())
        changes(self.flux).remove(self)
        _compute(self.flux, self.names)

    def trained(self) -> Lora:
        """The attached LoRA with the values that its matrices have now."""
        now = {name: tuple(p.patch() for p in some) for name, some in self.beside.items()}
        return replace(self.lora, patches=self.lora.patches | now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()

    def __repr__(self) -> str:
        how = "attached" if self.beside else "fused"
        return f"{self.lora!r} {how} at scale {self.scale:g}"


@dataclass
class _Record:
    """What is changed in one model, and what was there before."""

    changes: list[Change] = field(default_factory=list)
    originals: dict[str, Tensor] = field(default_factory=dict)  # by the parameter's name


def changes(model: Any) -> list[Change]:
    """The LoRAs at work in a pipeline or Flux, in the order in which they came."""
    return _record(flux_of(model)).changes


def put_to_work(change: Change) -> Change:
    """Let a change take effect: as a whole, or not at all if it fails."""
    if change.lora.text:
        warnings.warn(
            f"this LoRA also has {len(change.lora.text)} tensors for the text encoders, such as "
            f"{next(iter(change.lora.text))}; these are not applied.",
            stacklevel=3,
        )
    for name, beside in change.beside.items():
        layer = linear_at(change.flux, name)
        if not isinstance(layer, LinearLora):
            layer = LinearLora(layer)
            change.flux.set_submodule(name, layer)
        layer.patches.extend(beside)
    changes(change.flux).append(change)
    try:
        _compute(change.flux, change.names)
    except BaseException:
        change.remove()
        raise
    return change


def _record(flux: Flux) -> _Record:
    return vars(flux).setdefault("lora_record", _Record())


@torch.no_grad()
def _compute(flux: Flux, names: list[str]) -> None:
    """Compute parameters from their originals and all that is at work."""
    record = _record(flux)
    for name in names:
        parameter = flux.get_parameter(name)
        home = "meta" if parameter.is_meta else "cpu"
        original = record.originals.setdefault(name, parameter.data.to(home))
        active = [change for change in record.changes if name in change.names]
        value = original.to(parameter)
        parameter.data = _changed(name, value, active) if active else value
        if not active:
            del record.originals[name]


def _changed(name: str, value: Tensor, active: list[Change]) -> Tensor:
    layer, _, kind = name.rpartition(".")
    for change in active:
        value = change.lora.replaced.get(name, value).to(value)
    total = widen(value).clone()
    for change in active:
        for patch in change.lora.patches.get(layer, ()) if not change.beside else ():
            difference = _difference(patch, kind, total.device)
            if difference is not None:
                total[patch.first : patch.last] += change.scale * difference
    return total.to(value)


def _difference(patch: Patch, kind: str, device: torch.device) -> Tensor | None:
    """What a patch adds to the weight or bias of its rows, computed where the model is."""
    if kind == "weight":
        return replace(patch, down=patch.down.to(device), up=patch.up.to(device)).delta()
    return None if patch.bias is None else patch.scale * widen(patch.bias).to(device)
