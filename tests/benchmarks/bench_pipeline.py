"""Painting with a model of the toy's size against diffusers' FluxPipeline with the same weights.

Small matrices show what surrounds them: rotations and text embeddings that are made once a run here
and at every step there, and the Python between the products. Both sides decode.
"""

from dataclasses import replace
from functools import partial

import pytest
import torch
from tiny_models import randomise, tiny_conditioning
from twins import flux_pipeline_like

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.load import WEIGHTS, load
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.options import Defaults
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.tokens import draw_noise, patchify
from fluxlearn.toy.train_autoencoder import TOY_AUTOENCODER
from fluxlearn.toy.train_flow import TOY_BASE

TOY_DEV = replace(TOY_BASE, guidance_embed=True)
DEFAULTS = Defaults(
    name="bench", steps=20, guidance=3.0, guidance_by="embedded", shifted=True, size=128
)
PROMPT = "a large red circle left of a small blue square on a white background"


@pytest.fixture
def ours():
    """Our pipeline, at the toy's size."""
    flux, autoencoder = randomise(Flux(TOY_DEV)), randomise(AutoEncoder(TOY_AUTOENCODER))
    return Pipeline(None, flux, autoencoder, DEFAULTS)


@pytest.fixture
def contenders(ours, quick):
    """A whole run of each side: 64 image tokens, 20 text tokens, 20 steps, 4 pictures."""
    batch, steps = (2, 2) if quick else (4, 20)
    told = tiny_conditioning(TOY_DEV, batch, txt=20)
    tokens = patchify(draw_noise(batch, 16, 128, 128, torch.Generator().manual_seed(0)))

    def run_ours():
        return (ours.paint(told, steps=steps, seed=0).pixels + 1) / 2

    def run(theirs):
        return theirs(
            prompt_embeds=told.txt,
            pooled_prompt_embeds=told.pooled,
            latents=tokens,
            num_inference_steps=steps,
            guidance_scale=3.0,
            height=128,
            width=128,
            output_type="pt",
        ).images

    theirs, compiled = flux_pipeline_like(ours), flux_pipeline_like(ours)
    compiled.transformer.compile()
    return {
        "ours": run_ours,
        "diffusers": partial(run, theirs),
        "diffusers, compiled": partial(run, compiled),
    }


def test_painting_at_the_toys_size(race, contenders):
    del contenders["diffusers, compiled"]
    check_that_pictures_are_alike(contenders)

    race("toy size, 20 steps, 4 pictures", "≤ 0.70", contenders, rounds=15)


def test_painting_at_the_toys_size_compiled(race, contenders, ours):
    ours.compile()
    check_that_pictures_are_alike(contenders)

    race("the same, ours compiled", {"diffusers": "≤ 0.70"}, contenders, rounds=15)


def check_that_pictures_are_alike(contenders):
    first, *others = (run() for run in contenders.values())
    for pixels in others:
        torch.testing.assert_close(pixels, first, atol=1e-3, rtol=0)


@pytest.mark.skipif(not (WEIGHTS / "toy-dev.safetensors").exists(), reason="toy-dev is not trained")
def test_painting_with_toy_dev(race):
    pipe, prompts = load("toy-dev"), 4 * [PROMPT]

    contenders = {"ours": lambda: pipe.paint(prompts)}
    race("toy-dev, 4 prompts to 4 pictures, 20 steps", "seconds", contenders, rounds=7)
