"""Ours against diffusers' AutoencoderKL, at random sizes with random weights."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import AUTOENCODER, randomise
from twins import autoencoder_like, diffusers

from fluxlearn.checkpoints.diffusers import diffusers_sizes

pytestmark = pytest.mark.reference

# Relative to the largest value: with random weights a decoder of 20 convolutions gives values of
# some tens, and float32 has 7 digits whatever the size.
TOLERANCE = 1e-5


@st.composite
def sizes(draw):
    """What makes an autoencoder of one to four levels."""
    groups = draw(st.sampled_from([1, 2, 4]))
    widths = draw(st.lists(st.sampled_from([1, 2, 3]), max_size=3))
    return {
        "ch": 4 * groups,
        "ch_mult": (1, *widths),
        "norm_groups": groups,
        "num_res_blocks": draw(st.integers(1, 2)),
        "z_channels": draw(st.sampled_from([2, 4, 16])),
        "scale_factor": draw(st.floats(0.2, 2)),
        "shift_factor": draw(st.floats(-0.5, 0.5)),
    }


GRID = st.tuples(st.integers(1, 3), st.integers(1, 4))


def twins(sizes):
    config = replace(AUTOENCODER, **sizes)
    theirs = randomise(diffusers.AutoencoderKL(**diffusers_sizes(config)))
    return autoencoder_like(theirs, config), theirs


def relative(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


@settings(max_examples=10)
@given(sizes=sizes(), grid=GRID)
def test_the_latent_is_the_mean_of_diffusers_scaled_and_shifted(sizes, grid):
    ours, theirs = twins(sizes)
    height, width = (ours.config.downscale * side for side in grid)
    pictures = 2 * torch.rand(2, 3, height, width) - 1

    mean = theirs.encode(pictures).latent_dist.mean
    expected = (mean - theirs.config.shift_factor) * theirs.config.scaling_factor

    assert relative(ours.encode(pictures), expected) <= TOLERANCE


@settings(max_examples=10)
@given(sizes=sizes(), grid=GRID)
def test_the_picture_of_a_latent_is_that_of_diffusers(sizes, grid):
    ours, theirs = twins(sizes)
    latents = torch.randn(2, ours.config.z_channels, *grid)

    raw = latents / theirs.config.scaling_factor + theirs.config.shift_factor

    assert relative(ours.decode(latents), theirs.decode(raw).sample) <= TOLERANCE


def test_a_sampled_latent_is_that_of_diffusers_for_the_same_seed():
    ours, theirs = twins({})
    pictures = 2 * torch.rand(2, 3, 16, 24) - 1

    posterior = theirs.encode(pictures).latent_dist
    expected = ours.normalise(posterior.sample(torch.Generator().manual_seed(7)))
    sample = ours.encode_sample(pictures, torch.Generator().manual_seed(7))

    assert relative(sample, expected) <= TOLERANCE
