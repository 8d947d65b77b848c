"""What idle taps cost: a forward pass of the toy's size against the same without its taps.

One picture, so that there is as little work as ever between two taps.
"""

from dataclasses import replace

import torch
from taps_removed import taps_removed
from tiny_models import randomise, tiny_inputs

from fluxlearn.model.flux import Flux
from fluxlearn.toy.train_flow import TOY_BASE

TOY_DEV = replace(TOY_BASE, guidance_embed=True)
PASSES = 20  # in a row: entering and leaving taps_removed must not count


@torch.inference_mode()
def test_idle_taps(race):
    flux, inputs = randomise(Flux(TOY_DEV)), tiny_inputs(TOY_DEV, batch=1, grid=(8, 8), txt=20)

    def with_taps():
        for _ in range(PASSES):
            flux(**inputs)

    def without_taps():
        with taps_removed():
            with_taps()

    contenders = {"ours": with_taps, "taps removed": without_taps}
    race("idle taps, toy size, one picture", "≤ 1.01", contenders, rounds=41)
