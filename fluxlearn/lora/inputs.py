"""Room at the input for the control LoRAs, whose tokens carry a second picture beside the noise.

    img_in' (noise ++ control) = W · noise + 0 · control + b

A control LoRA for canny or depth is one of FLUX.1-dev, and expects its tokens to be twice as wide.
"""

from dataclasses import replace

import torch
from torch import nn

from fluxlearn.lora.change import changes
from fluxlearn.model.flux import Flux


@torch.no_grad()
def widen_input(flux: Flux, in_channels: int) -> Flux:
    """A model that takes wider image tokens and does not look at what is new in them.

    in_channels  128 for the control LoRAs: 64 of noise, 64 of the control picture.

    All weights but `img_in` share the memory of the given model's.

    Raises ValueError for a narrower input, or for a model that LoRAs are at work in.
    Source: BFL flux/util.py `optionally_expand_state_dict`.
    """
    more = in_channels - flux.config.in_channels
    if more < 0:
        raise ValueError(
            f"in_channels is {in_channels}, but the model takes {flux.config.in_channels} already."
        )
    if changes(flux):
        raise ValueError(f"{changes(flux)[0]!r} is at work in this model. Take it off first.")
    with torch.device("meta"):
        wide = Flux(replace(flux.config, in_channels=in_channels))
    state = flux.state_dict()
    state["img_in.weight"] = nn.functional.pad(state["img_in.weight"], (0, more))
    wide.load_state_dict(state, assign=True)
    return wide.eval().requires_grad_(False)
