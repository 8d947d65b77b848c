"""Whether a LoRA fits a model, found out before anything is changed."""

import math
from collections.abc import Iterator
from typing import Any

from torch import nn

from fluxlearn.checkpoints.bfl import first_of
from fluxlearn.lora.patch import Lora, Patch
from fluxlearn.model.flux import Flux


def flux_of(model: Any) -> Flux:
    """The transformer of a pipeline, or the transformer itself.

    Raises TypeError for anything else.
    """
    flux = getattr(model, "flux", model)
    if not isinstance(flux, Flux):
        raise TypeError(f"model is a {type(model).__name__}, but a Pipeline or a Flux is expected.")
    return flux


def check_fit(flux: Flux, lora: Lora, scale: float) -> None:
    """Refuse a LoRA that has something to change which this model does not have.

    Raises TypeError for what is no LoRA, ValueError that names the first layers that do not fit.
    """
    if not isinstance(lora, Lora):
        raise TypeError(
            f"lora is a {type(lora).__name__}, but a Lora is expected. Did you forget lora.read()?"
        )
    check_scale(scale)
    if len({parameter.is_meta for parameter in flux.parameters()}) == 2:  # it is streamed
        raise ValueError(
            "the model's blocks have no weights that a LoRA could change: they are read anew for "
            "each call. Load it without stream=True."
        )
    problems = [*_layers(flux, lora), *_parameters(flux, lora)]
    if problems:
        config = flux.config
        raise ValueError(
            f"the LoRA does not fit this Flux, {config.hidden_size} wide, of {config.depth} double "
            f"and {config.depth_single_blocks} single blocks: {first_of(problems)}. "
            f"{_cure(flux, lora)}"
        )


def check_scale(scale: float) -> None:
    """Raise ValueError for a strength that is not finite."""
    if not math.isfinite(scale):
        raise ValueError(f"scale is {scale}, but a finite number is expected; 1 is full strength.")


def _cure(flux: Flux, lora: Lora) -> str:
    inputs = max((patch.down.shape[1] for patch in lora.patches.get("img_in", ())), default=0)
    if inputs > flux.config.in_channels:
        return f"If it is a control LoRA, it needs widen_input(flux, {inputs}) first."
    return "Was it made for another variant, or another size?"


def _layers(flux: Flux, lora: Lora) -> Iterator[str]:
    layers = {name: m for name, m in flux.named_modules() if isinstance(m, nn.Linear)}
    for name, patches in lora.patches.items():
        if name not in layers:
            yield f"{name} is not part of it"
            continue
        for patch in patches:
            yield from _patch(name, layers[name], patch)


def _patch(name: str, layer: nn.Linear, patch: Patch) -> Iterator[str]:
    width = patch.down.shape[1]
    if width != layer.in_features:
        yield f"{name} has {layer.in_features} inputs, not {width}"
    if patch.up.shape[1] != patch.rank:
        yield f"{name} is given an up of rank {patch.up.shape[1]} to a down of rank {patch.rank}"
    if patch.bias is not None and layer.bias is None:
        yield f"{name} has no bias to change"

    # Only fused layers have seams inside: q, k, v and what follows them.
    parts = 4 if name.endswith(("qkv", "linear1")) else 1
    seams = {layer.out_features, *(i * layer.in_features for i in range(parts))}
    if not {patch.first, patch.last} <= seams:
        yield f"{name} has {layer.out_features} rows, not {patch.last}"


def _parameters(flux: Flux, lora: Lora) -> Iterator[str]:
    parameters = dict(flux.named_parameters())
    for name, value in lora.replaced.items():
        if name not in parameters:
            yield f"{name} is not part of it"
        elif parameters[name].shape != value.shape:
            yield f"{name} has shape {tuple(parameters[name].shape)}, not {tuple(value.shape)}"
