"""Three ways to run a model: `attend` looks at it, nobody looks, every matrix is made whole.

The last gives the same maps, but by the way of P = softmax(q·kᵀ/√d) of all heads. Nothing of P is
kept longer than its block lasts, so this is the cheapest that such a look can be.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from tiny_models import FLUX, randomise, tiny_inputs
from torch import Tensor

from fluxlearn.config import PRESETS
from fluxlearn.load import load
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.attend import attend, find_groups
from fluxlearn.trace.attention.groups import Groups
from fluxlearn.trace.attention.looks import Look, Sight, masses
from fluxlearn.trace.attention.probe import probe

PROMPT = "a large red circle left of a small blue square on a white background"
WORDS = ("large", "red", "circle", "left", "small", "blue", "square", "white")

PLAIN, WHOLE = "nobody looks", "whole matrices"


def contenders(
    model: Any, run: Callable[[], Any], words: Any, prompt: str | None = None
) -> dict[str, Callable[[], Any]]:
    """Ours and the others; those that look give maps [step, block, batch, img, region]."""

    def attended() -> Tensor:
        with attend(model, words, prompt=prompt) as maps:
            run()
        return maps.seen.values

    def whole() -> Tensor:
        with probe(model, whole_matrices(find_groups(model, words, prompt))) as seen:
            run()
        return seen.values

    return {"attend": attended, PLAIN: run, WHOLE: whole}


def whole_matrices(groups: Groups) -> Look:
    """What `masses` gives, from all probabilities of all heads at once."""

    def apply(sight: Sight) -> Tensor:
        q, k = sight.q.float(), sight.k.float()
        p = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
        given = p @ groups.indicator(sight.layout, len(q))[:, None]
        return given.index_select(2, sight.layout.picture)

    return replace(masses(groups), name="whole matrices", apply=apply)


def painting(steps: int) -> dict[str, Callable[[], Any]]:
    """toy-dev paints one picture, 64 image and 20 text tokens, and 8 words are mapped."""
    pipe = load("toy-dev")
    return contenders(pipe, lambda: pipe.paint(PROMPT, steps=steps), WORDS, PROMPT)


def forward(quick: bool) -> dict[str, Callable[[], Any]]:
    """One call of a model as wide as FLUX.1 with 2 + 2 blocks, and 8 text tokens are mapped."""
    config = replace(FLUX if quick else PRESETS["flux-dev"], depth=2, depth_single_blocks=2)
    with torch.device("meta"):  # so that four gigabytes of weights are drawn once, not twice
        flux = Flux(config)
    flux = randomise(flux.to_empty(device="cpu"))
    grid, txt = ((2, 3), 10) if quick else ((32, 32), 512)
    inputs = tiny_inputs(config, batch=1, grid=grid, txt=txt)
    return contenders(flux, lambda: flux(**inputs), {f"word {i}": [i] for i in range(8)})
