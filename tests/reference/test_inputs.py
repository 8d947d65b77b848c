"""Pictures in view, ours against diffusers' pipelines: same weights, text features and noise.

diffusers draws a sample of the latent for control and fill, where BFL and we take the mean; the
autoencoder here is so sure of itself that they are the same.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import CONTROL, FILL, FLUX, tiny_conditioning, tiny_pipeline
from tiny_pictures import SIZE, half_mask, photograph
from tiny_redux import tiny_redux
from transformers import CLIPTextModel
from twins import diffusers, flux_pipeline_like

from fluxlearn.sampling.inputs.kontext import PREFERRED, preferred_size, resize_reference
from fluxlearn.sampling.inputs.redux import look
from fluxlearn.sampling.picture import from_pil
from fluxlearn.sampling.tokens import draw_noise, patchify

pytestmark = pytest.mark.reference


def sure_pipeline(config):
    """A tiny pipeline whose encoder offers latents with no spread to speak of: σ = e⁻¹⁵."""
    pipeline = tiny_pipeline(config)
    out = pipeline.autoencoder.encoder.conv_out
    out.weight[4:], out.bias[4:] = 0, -30
    return pipeline


def both(pipeline, kind, ours, theirs):
    """The latents of a run of ours and of one of theirs, from the same noise."""
    told = tiny_conditioning(batch=2)
    noise = draw_noise(2, 4, *SIZE.values(), torch.Generator().manual_seed(3))
    options = {"num_inference_steps": 3, "guidance_scale": 2.5, "output_type": "latent"}
    expected = flux_pipeline_like(pipeline, kind)(
        prompt_embeds=told.txt, pooled_prompt_embeds=told.pooled, latents=patchify(noise),
        **SIZE, **options, **theirs,
    ).images  # fmt: skip
    painted = pipeline.paint(told, steps=3, guidance=2.5, seed=3, **SIZE, **ours)
    return patchify(painted.latents), expected


def test_a_run_with_a_control_picture_is_that_of_diffusers():
    picture = photograph()

    ours, theirs = both(
        sure_pipeline(CONTROL),
        diffusers.FluxControlPipeline,
        {"control": picture},
        {"control_image": picture},
    )

    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_a_run_of_fill_is_that_of_diffusers():
    picture, mask = photograph(), half_mask()

    ours, theirs = both(
        sure_pipeline(FILL),
        diffusers.FluxFillPipeline,
        {"image": picture, "mask": mask},
        {"image": picture, "mask_image": mask},
    )

    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_a_run_with_a_reference_is_that_of_diffusers():
    picture = photograph(48, 16)

    # They would scale everything to a megapixel.
    ours, theirs = both(
        tiny_pipeline(FLUX),
        diffusers.FluxKontextPipeline,
        {"reference": picture},
        {"image": picture, "max_area": 48 * 32, "_auto_resize": False},
    )

    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_the_preferred_sizes_are_those_of_diffusers():
    module = diffusers.pipelines.flux.pipeline_flux_kontext

    assert list(PREFERRED) == module.PREFERRED_KONTEXT_RESOLUTIONS


@settings(max_examples=5)
@given(height=st.integers(8, 90), width=st.integers(8, 90))
def test_a_reference_is_resized_as_in_diffusers(height, width):
    picture = photograph(height, width)
    processor = diffusers.image_processor.VaeImageProcessor(vae_scale_factor=16)
    size = preferred_size(height, width)

    theirs = processor.preprocess(processor.resize(picture, *size), *size)[0]

    ours = resize_reference(from_pil(picture))
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


def test_the_tokens_of_redux_are_those_of_diffusers():
    from tiny_text import clip_config
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    redux, told = tiny_redux(), tiny_conditioning(batch=1)
    embedder = diffusers.pipelines.flux.modeling_flux.ReduxImageEncoder(16, FLUX.context_in_dim)
    embedder.load_state_dict(redux.adapter.state_dict())
    prior = diffusers.FluxPriorReduxPipeline(
        redux.vision,
        SiglipImageProcessorPil(size={"height": 28, "width": 28}),
        embedder,
        # Asked for its precision only.
        text_encoder=CLIPTextModel(clip_config()),
    )

    theirs = prior(photograph(), prompt_embeds=told.txt, pooled_prompt_embeds=told.pooled)

    ours = redux(photograph(), told)
    torch.testing.assert_close(ours.txt, theirs.prompt_embeds, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.pooled, theirs.pooled_prompt_embeds, atol=0, rtol=0)


def test_siglip_sees_what_it_sees_in_transformers():
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    picture = photograph(100, 70)
    processor = SiglipImageProcessorPil(size={"height": 384, "width": 384})

    theirs = processor.preprocess(picture, return_tensors="pt")["pixel_values"][0]

    torch.testing.assert_close(look(from_pil(picture), 384), theirs, atol=1e-6, rtol=0)
