"""Put a LoRA beside the layers of a model, or take every one off.

with attach(pipe, lora, scale=0.8):
    pipe.paint(prompt)
"""

from typing import Any

from fluxlearn.lora.change import Change, changes, put_to_work
from fluxlearn.lora.fit import check_fit, flux_of
from fluxlearn.lora.linear import LowRank, linear_at
from fluxlearn.lora.patch import Lora


def attach(model: Any, lora: Lora, scale: float = 1.0) -> Change:
    """Let a LoRA work beside the layers of a model, which keep their weights.

        y = W x + b + m · (α / r) · up · (down · x)

    model  a Pipeline or a Flux, of any size.
    scale  m: 1 is the strength it was trained at, 0 is without it, −1 is the opposite.

    Several add up. What reads a layer's weight instead of calling it, such as the exact
    attribution, does not see the LoRA; for that, `fuse` it. The share of the text encoders, where
    a file has one, is not applied.

    Raises TypeError or ValueError with the layers that do not fit, before anything is changed.
    """
    flux = flux_of(model)
    check_fit(flux, lora, scale)
    beside = {
        name: [LowRank(patch, linear_at(flux, name), scale) for patch in patches]
        for name, patches in lora.patches.items()
    }
    return put_to_work(Change(flux, lora, scale, beside))


def remove(model: Any, lora: Lora | None = None) -> None:
    """Take a LoRA off a model, or all of them, attached or fused; the old bits are back.

    Raises ValueError for a LoRA that is not at work there.
    """
    found = [change for change in changes(model) if lora is None or change.lora is lora]
    if lora is not None and not found:
        there = ", ".join(map(repr, changes(model))) or "none"
        raise ValueError(f"{lora!r} is not at work in this model; at work there: {there}.")
    for change in found:
        change.remove()
