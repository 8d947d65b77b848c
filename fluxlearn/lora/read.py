"""A LoRA file, whatever wrote it, becomes one form; nothing in it is passed over in silence.

    keys → format → for every layer: down, up, α → `Lora`

α is the layer's own `.alpha`, else what PEFT's config says, else the rank.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from fluxlearn.checkpoints.safe import read_tensors
from fluxlearn.lora.alphas import Alpha, alpha_of_folder, alpha_of_header
from fluxlearn.lora.formats import FORMATS, TEXT, count_blocks, detect, keys_of, split_key
from fluxlearn.lora.names import Place
from fluxlearn.lora.patch import Lora, Patch
from fluxlearn.lora.pieces import swap_halves

# What PEFT and diffusers call the file in a folder.
IN_FOLDERS = ("adapter_model.safetensors", "pytorch_lora_weights.safetensors")


def read(source: str | Path | Mapping[str, Tensor]) -> Lora:
    """Read a LoRA for Flux: a safetensors file, a folder that PEFT saved, or its tensors.

    The sizes are the file's own; whether they fit a model is checked when it is attached or fused.

    Raises FileNotFoundError for a path that leads nowhere; ValueError, with the keys, for an
    unknown format, for tensors that are no part of a plain LoRA, and for layers that are torn.
    """
    if isinstance(source, Mapping):
        return _gather(dict(source), alpha_of_header({}))
    path = _find(Path(source))
    tensors, header = read_tensors(path)
    beside = alpha_of_folder(path.parent) if path.name == IN_FOLDERS[0] else None
    return _gather(tensors, beside or alpha_of_header(header))


class _Layer(NamedTuple):
    """What a file holds of one layer."""

    name: str  # the file's
    place: Place
    tensors: dict[str, Tensor]  # down, up, and perhaps bias and alpha


def _find(path: Path) -> Path:
    if not path.is_dir():
        return path
    for name in IN_FOLDERS:
        if (path / name).is_file():
            return path / name
    raise FileNotFoundError(f"the folder {path} has neither {' nor '.join(IN_FOLDERS)}.")


def _gather(tensors: dict[str, Tensor], stated: Alpha) -> Lora:
    text = {key: tensor for key, tensor in tensors.items() if key.startswith(TEXT)}
    own = {key: tensor for key, tensor in tensors.items() if key not in text}
    format = detect(own)
    layers, replaced = _sort(own, format)
    patches: dict[str, tuple[Patch, ...]] = {}
    for layer in layers:
        others = patches.get(layer.place.ours, ())
        both = (*others, _patch(layer, stated, FORMATS[format].prefix))
        patches[layer.place.ours] = tuple(sorted(both, key=lambda patch: patch.first))
    return Lora(patches=patches, replaced=replaced, text=text, format=format)


def _sort(own: dict[str, Tensor], format: str) -> tuple[list[_Layer], dict[str, Tensor]]:
    """The layers of a file and the parameters that it gives anew; refuses what is neither."""
    known = keys_of(format, count_blocks(own))
    layers: dict[str, _Layer] = {}
    replaced, unknown = {}, []
    for key, tensor in own.items():
        name, kind = split_key(key)
        if name not in known:
            unknown.append(key)
        elif kind == "":
            replaced[known[name].ours] = tensor
        else:
            held = layers.setdefault(name, _Layer(name, known[name], {})).tensors
            if kind in held:
                raise ValueError(f"{name} has two tensors that are its {kind}. Keep one of them.")
            held[kind] = tensor
    if unknown:
        raise ValueError(
            f"{len(unknown)} of {len(own)} keys are no part of a plain LoRA in the {format} "
            f"format: {', '.join(unknown[:3])}. LoKr, LoHa, DoRA and layers that Flux "
            f"lacks are not supported; leaving them out would change what the LoRA does."
        )
    return list(layers.values()), replaced


def _patch(layer: _Layer, stated: Alpha, prefix: str) -> Patch:
    name, place, tensors = layer
    _check_pair(layer)
    down, up, bias = tensors["down"], tensors["up"], tensors.get("bias")
    rank, width = down.shape
    if "alpha" in tensors:
        alpha = _number(name, tensors["alpha"])
    else:
        alpha = stated(name.removeprefix(prefix), rank)
    if place.swapped:
        # Only the output has two halves: `down` reads the same input on both sides.
        up, bias = swap_halves(up), None if bias is None else swap_halves(bias)
    return Patch(down=down, up=up, alpha=alpha, first=place.start * width, bias=bias)


def _check_pair(layer: _Layer) -> None:
    name, place, tensors = layer
    for kind in ("down", "up"):
        if kind not in tensors:
            held = ", ".join(tensors)
            raise ValueError(f"{name} has no {kind} matrix, only {held}. Is the file whole?")
    down, up = tuple(tensors["down"].shape), tuple(tensors["up"].shape)
    if len(down) != 2 or len(up) != 2 or down[0] != up[1] or not down[0]:
        raise ValueError(
            f"{name} has down {down} and up {up}, but [rank, in] and [rows, rank] are expected."
        )
    expected = None if place.stop is None else (place.stop - place.start) * down[1]
    if expected not in (None, up[0]):
        raise ValueError(
            f"{name} has {up[0]} rows, but with {down[1]} inputs {expected} are expected."
        )
    if "bias" in tensors and tuple(tensors["bias"].shape) != up[:1]:
        raise ValueError(
            f"{name} has a bias {tuple(tensors['bias'].shape)}, but one of {up[:1]} is expected."
        )


def _number(name: str, alpha: Tensor) -> float:
    if alpha.numel() != 1 or not torch.isfinite(alpha).all():
        raise ValueError(f"{name} has alpha {alpha.tolist()}, but one finite number is expected.")
    return alpha.item()
