"""A whole run of ours against diffusers' FluxPipeline: same weights, text features and noise."""

import pytest
import torch
from tiny_models import SCHNELL, tiny_conditioning, tiny_pipeline
from twins import flux_pipeline_like

from fluxlearn.sampling.tokens import draw_noise, patchify

pytestmark = pytest.mark.reference

SIZE = {"height": 48, "width": 32}


def their_run(pipeline, conditioning, steps, **options):
    """FluxPipeline's result from the noise that seed 3 gives in ours."""
    noise = draw_noise(len(conditioning), 4, *SIZE.values(), torch.Generator().manual_seed(3))
    return flux_pipeline_like(pipeline)(
        prompt_embeds=conditioning.txt,
        pooled_prompt_embeds=conditioning.pooled,
        latents=patchify(noise),
        num_inference_steps=steps,
        **SIZE,
        **options,
    ).images


@pytest.mark.parametrize("steps", [1, 4, 9])
def test_a_run_ends_in_the_latents_of_diffusers(steps):
    pipeline, conditioning = tiny_pipeline(), tiny_conditioning(batch=2)

    ours = pipeline.paint(conditioning, steps=steps, guidance=2.5, seed=3, **SIZE).latents
    theirs = their_run(pipeline, conditioning, steps, guidance_scale=2.5, output_type="latent")

    # float32 throughout; each step adds the difference of one model call, about 1e-6.
    torch.testing.assert_close(patchify(ours), theirs, atol=1e-4, rtol=0)


def test_a_run_ends_in_the_pixels_of_diffusers():
    pipeline, conditioning = tiny_pipeline(), tiny_conditioning(batch=2)

    ours = pipeline.paint(conditioning, guidance=2.5, seed=3, **SIZE).pixels
    theirs = their_run(pipeline, conditioning, 3, guidance_scale=2.5, output_type="pt")

    # diffusers returns pixels in [0, 1].
    torch.testing.assert_close((ours + 1) / 2, theirs, atol=1e-4, rtol=0)


def test_true_guidance_is_that_of_diffusers():
    pipeline, conditioning = tiny_pipeline(SCHNELL, guidance_by="true"), tiny_conditioning(batch=2)
    away = tiny_conditioning(batch=2)
    pipeline.text = lambda prompts: away

    ours = pipeline.paint(conditioning, guidance=2.0, seed=3, **SIZE).latents
    theirs = their_run(
        pipeline,
        conditioning,
        3,
        true_cfg_scale=2.0,
        negative_prompt_embeds=away.txt,
        negative_pooled_prompt_embeds=away.pooled,
        output_type="latent",
    )

    torch.testing.assert_close(patchify(ours), theirs, atol=1e-4, rtol=0)
