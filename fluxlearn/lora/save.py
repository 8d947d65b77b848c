"""A LoRA goes to a file, in any format: rows are cut and joined, halves swapped, α folded.

    save(read("from_civitai.safetensors"), "for_diffusers.safetensors", format="diffusers")

What a format has no place for is refused by name. What is written means exactly what was read,
but for two roundings, each of one multiplication: α / rank that is no power of two, in a format
that has no α (`formats.py`), and neighbours of unequal strength in one layer (`pieces.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from fluxlearn.checkpoints.bfl import first_of
from fluxlearn.checkpoints.safe import save_tensors
from fluxlearn.lora.formats import FORMATS, count_blocks, keys_of
from fluxlearn.lora.names import Place
from fluxlearn.lora.patch import Lora, Patch
from fluxlearn.lora.pieces import piece, swap_halves


def save(lora: Lora, path: str | Path, *, format: str = "kohya", mlp_ratio: float = 4.0) -> None:
    """Write a LoRA to a safetensors file, all or nothing; arguments and errors as `to_tensors`."""
    tensors = to_tensors(lora, format, mlp_ratio)
    # Parts that were cut from one matrix share its memory, which tensors in a file cannot.
    apart = {key: tensor.detach().to("cpu", copy=True) for key, tensor in tensors.items()}
    save_tensors(apart, Path(path), {"format": "pt"})


def to_tensors(lora: Lora, format: str = "kohya", mlp_ratio: float = 4.0) -> dict[str, Tensor]:
    """A LoRA's tensors under the keys of a format: what `save` writes and `read` takes.

    format     one of `FORMATS`: kohya, diffusers, comfyui, bfl, xlabs, …
    mlp_ratio  of the model; 4 in every published one. Needed to know how many rows to leave alone
               where q, k and v of a single block are changed and its MLP is not.

    Raises ValueError for an unknown format, and with the layer's name for what has no place there.
    """
    if format not in FORMATS:
        raise ValueError(f"{format!r} is no format. There are {', '.join(FORMATS)}.")
    row = FORMATS[format]
    keys = keys_of(format, count_blocks([*lora.patches, *lora.replaced]))
    _check_places(lora, format, {place.ours for place in keys.values()})

    _check_complete(lora, format, keys, mlp_ratio)
    pieces = _pieces(lora, keys, mlp_ratio)
    # In diffusers a layer without an α would get another layer's: all have one, or none has.
    folds = row.alpha == "lost" or (row.alpha == "folded" and all(map(_is_exact, pieces.values())))
    tensors = {}
    for key, found in pieces.items():
        part = _fold(found) if folds else found
        alpha = None if folds else torch.tensor(part.alpha)
        held = {"down": part.down, "up": part.up, "bias": part.bias, "alpha": alpha}
        tensors |= {key + row.ending(kind): t for kind, t in held.items() if t is not None}
    names = {place.ours: key for key, place in keys.items()}
    return tensors | {names[ours]: value for ours, value in lora.replaced.items()} | lora.text


def _check_places(lora: Lora, format: str, known: set[str]) -> None:
    """Refuse layers, parameters, biases and text encoders for which a format has no key."""
    biased = [n for n, layer in lora.patches.items() if any(p.bias is not None for p in layer)]
    homeless = [name for name in (*lora.patches, *lora.replaced) if name not in known]
    if not FORMATS[format].extras:
        homeless += [f"{name}'s bias" for name in biased] + list(lora.replaced)
    if lora.text and lora.format != format:
        homeless += list(lora.text)
    if homeless:
        raise ValueError(
            f"the {format} format has no place for {first_of(homeless, ', ')}. "
            f"Choose another format, or leave them out with dataclasses.replace(lora, …)."
        )


def _pieces(lora: Lora, keys: Mapping[str, Place], mlp_ratio: float) -> dict[str, Patch]:
    """The change behind every key of a format, as one patch."""
    pieces = {}
    for key, place in keys.items():
        if place.ours not in lora.patches:
            continue
        patches = lora.patches[place.ours]
        width = patches[0].down.shape[1]
        last = _height(place.ours, lora, mlp_ratio) if place.stop is None else place.stop * width
        found = piece(patches, place.start * width, last)
        if found is not None:
            pieces[key] = _swap(found) if place.swapped else found
    return pieces


def _check_complete(lora: Lora, format: str, keys: Mapping[str, Place], mlp_ratio: float) -> None:
    """Refuse changes in rows that no key of a format covers."""
    ends = {place.ours: place.stop for place in keys.values()}  # the last part's end stays
    for name, patches in lora.patches.items():
        height, stop = _height(name, lora, mlp_ratio), ends[name]
        reached = max(patch.last for patch in patches)
        if reached > height:
            raise ValueError(
                f"{name} is changed up to row {reached}, but has {height} rows with mlp_ratio "
                f"{mlp_ratio}. Pass the model's mlp_ratio."
            )
        first = height if stop is None else stop * patches[0].down.shape[1]
        rest = piece(patches, first, height)
        if rest is not None and (rest.up.any() or rest.bias is not None):
            raise ValueError(
                f"the {format} format has no place for rows {first} … {height - 1} of {name}, "
                f"which this LoRA changes. Choose another format."
            )


def _height(name: str, lora: Lora, mlp_ratio: float) -> int:
    """How many rows a layer has; its patches may be of only some of them."""
    patches = lora.patches[name]
    width = patches[0].down.shape[1]
    if name.endswith("qkv"):
        return 3 * width
    if name.endswith("linear1"):
        return 3 * width + int(width * mlp_ratio)
    return max(patch.last for patch in patches)


def _swap(patch: Patch) -> Patch:
    bias = None if patch.bias is None else swap_halves(patch.bias)
    return replace(patch, up=swap_halves(patch.up), bias=bias)


def _fold(patch: Patch) -> Patch:
    """The same patch with α = rank: the strength is multiplied into `up` and bias."""
    bias = None if patch.bias is None else patch.bias * patch.scale
    return replace(patch, up=patch.up * patch.scale, bias=bias, alpha=float(patch.rank))


def _is_exact(patch: Patch) -> bool:
    """Whether nothing is rounded when a patch is folded."""
    pairs = [(patch.up, _fold(patch).up), (patch.bias, _fold(patch).bias)]
    return all(
        torch.equal(before.double() * patch.scale, after.double())
        for before, after in pairs
        if before is not None and after is not None
    )
