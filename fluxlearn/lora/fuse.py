"""Write a LoRA into the weights of a model, so that it costs nothing more at each step."""

from typing import Any

from fluxlearn.lora.change import Change, put_to_work
from fluxlearn.lora.fit import check_fit, flux_of
from fluxlearn.lora.patch import Lora


def fuse(model: Any, lora: Lora, scale: float = 1.0) -> Change:
    """Add a LoRA to the weights of a model.

        W ← W + m · (α / r) · up · down         summed in float32, rounded once

    model  a Pipeline or a Flux, of any size.
    scale  m, as for `attach`.

    Unlike an attached LoRA it costs no time, and what reads the weights sees it. It costs memory:
    the old weights of the changed layers are kept, so that `remove` gives back their very bits.

    Raises TypeError or ValueError with the layers that do not fit, before anything is changed.
    """
    flux = flux_of(model)
    check_fit(flux, lora, scale)
    return put_to_work(Change(flux, lora, scale, beside={}))
