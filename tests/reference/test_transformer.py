"""Ours against diffusers' FluxTransformer2DModel, at random sizes with random weights."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import FLUX, SCHNELL, randomise, tiny_flux, tiny_inputs
from twins import diffusers, flux_like, their_arguments, transformer_like

from fluxlearn.checkpoints.diffusers import diffusers_sizes

pytestmark = pytest.mark.reference

# Two float32 programs that sum in different orders; the velocities have size 1. diffusers takes the
# rotation frequencies in float64, which at positions below 10 changes nothing that shows here.
TOLERANCE = 1e-5


@st.composite
def sizes(draw):
    """What makes a transformer of some 10 thousand weights of any shape."""
    axes = tuple(draw(st.sampled_from([2, 4, 6, 8])) for _ in range(3))
    heads, patch = draw(st.integers(1, 4)), draw(st.sampled_from([4, 16, 64]))
    return {
        "axes_dim": axes,
        "num_heads": heads,
        "hidden_size": heads * sum(axes),
        "depth": draw(st.integers(0, 2)),
        "depth_single_blocks": draw(st.integers(0, 3)),
        "in_channels": patch,
        "out_channels": draw(st.sampled_from([4, patch])),
        "vec_in_dim": draw(st.integers(1, 24)),
        "context_in_dim": draw(st.integers(1, 40)),
        "guidance_embed": draw(st.booleans()),
    }


@settings(max_examples=30)
@given(
    sizes=sizes(),
    batch=st.integers(1, 3),
    grid=st.tuples(st.integers(1, 5), st.integers(1, 7)),
    txt=st.integers(1, 9),
)
def test_the_velocity_is_that_of_diffusers_at_every_size(sizes, batch, grid, txt):
    config = replace(FLUX, **sizes)
    theirs = randomise(diffusers.FluxTransformer2DModel(**diffusers_sizes(config)))
    ours, inputs = flux_like(theirs, config), tiny_inputs(config, batch, grid, txt)

    difference = ours(**inputs) - theirs(**their_arguments(inputs))[0]

    assert difference.abs().max() <= TOLERANCE


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_diffusers_computes_the_same_from_our_weights(config):
    ours, inputs = tiny_flux(config), tiny_inputs(config)

    theirs = transformer_like(ours)(**their_arguments(inputs))[0]

    torch.testing.assert_close(theirs, ours(**inputs), atol=TOLERANCE, rtol=0)


def test_a_reference_picture_takes_its_place_as_in_diffusers():
    ours, inputs = tiny_flux(), tiny_inputs(grid=(2, 4))
    inputs["img_ids"][:, 4:, 0] = 1

    theirs = transformer_like(ours)(**their_arguments(inputs))[0]

    torch.testing.assert_close(theirs, ours(**inputs), atol=TOLERANCE, rtol=0)


def test_in_bfloat16_both_are_equally_far_from_float32():
    # 1000 · t and 1000 · g are exact in bf16 for these t and g; for others both err alike.
    inputs = tiny_inputs() | {"timesteps": torch.tensor([0.5, 0.25])}
    inputs["guidance"] = torch.tensor([4.0, 2.0])
    ours = tiny_flux()
    exact = ours(**inputs)
    ours, inputs = ours.bfloat16(), {name: value.bfloat16() for name, value in inputs.items()}
    inputs |= {"img_ids": inputs["img_ids"].float(), "txt_ids": inputs["txt_ids"].float()}

    theirs = transformer_like(ours)(**their_arguments(inputs))[0].float()

    # bf16 keeps 8 bits, so one rounding errs by 2⁻⁹; some dozens of them add up in four blocks.
    assert (ours(**inputs).float() - theirs).abs().max() < 0.1
    assert (ours(**inputs).float() - exact).abs().max() < 0.1
