"""Ours against diffusers' FluxPipeline where nothing is rounded: equal bit for bit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_conditioning, tiny_pipeline
from twins import diffusers, flux_pipeline_like

from fluxlearn.sampling.positions import image_ids, text_ids
from fluxlearn.sampling.tokens import draw_noise, patchify, unpatchify

pytestmark = pytest.mark.reference

GRID = {"rows": st.integers(1, 6), "columns": st.integers(1, 6)}


@settings(max_examples=20)
@given(batch=st.integers(1, 3), channels=st.integers(1, 16), **GRID)
def test_tokens_are_packed_as_in_diffusers(batch, channels, rows, columns):
    latents = torch.randn(batch, channels, 2 * rows, 2 * columns)

    theirs = diffusers.FluxPipeline._pack_latents(latents, *latents.shape)

    assert torch.equal(patchify(latents), theirs)


@settings(max_examples=20)
@given(batch=st.integers(1, 3), channels=st.integers(1, 16), **GRID)
def test_tokens_are_unpacked_as_in_diffusers(batch, channels, rows, columns):
    height, width = 16 * rows, 16 * columns
    tokens = torch.randn(batch, rows * columns, 4 * channels)

    theirs = diffusers.FluxPipeline._unpack_latents(tokens, height, width, vae_scale_factor=8)

    assert torch.equal(unpatchify(tokens, height, width), theirs)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**63 - 1), batch=st.integers(1, 3), **GRID)
def test_a_seed_gives_the_noise_of_diffusers_in_bfloat16(seed, batch, rows, columns):
    shape = (batch, 16, 2 * rows, 2 * columns)
    theirs = diffusers.utils.torch_utils.randn_tensor(
        shape, torch.Generator().manual_seed(seed), dtype=torch.bfloat16
    )

    ours = draw_noise(batch, 16, 16 * rows, 16 * columns, torch.Generator().manual_seed(seed))

    assert torch.equal(ours, theirs.float())


@settings(max_examples=20)
@given(**GRID)
def test_image_tokens_stand_where_they_stand_in_diffusers(rows, columns):
    theirs = diffusers.FluxPipeline._prepare_latent_image_ids(
        1, rows, columns, "cpu", torch.float32
    )

    assert torch.equal(image_ids(2, 16 * rows, 16 * columns), theirs.expand(2, -1, -1))


def test_text_tokens_stand_where_they_stand_in_diffusers():
    told = tiny_conditioning(batch=1, txt=5)

    *_, theirs = flux_pipeline_like(tiny_pipeline()).encode_prompt(
        None, None, prompt_embeds=told.txt, pooled_prompt_embeds=told.pooled
    )

    assert torch.equal(text_ids(1, 5)[0], theirs)
