"""Attribution: the velocity is exactly the sum of what heads, MLPs and biases have written."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from model_calls import one_call
from tiny_models import FLUX, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.config import PRESETS
from fluxlearn.model.attribution import attribute
from fluxlearn.model.flux import Flux
from fluxlearn.model.writes import image_writes
from fluxlearn.shapes import AXES
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record
from fluxlearn.trace.sizes import TooLargeError
from fluxlearn.trace.tap import watched

ROUNDING = {"atol": 1e-5, "rtol": 1e-5}  # float32 sums of some dozen parts, in another order

attributed = partial(one_call, attribute)


def parts_of(call, *words):
    """The sum of all parts whose names begin with one of these."""
    chosen = [i for i, part in enumerate(call.parts) if str(part).startswith(words)]
    assert chosen, words
    return call.values[chosen].sum(dim=0)


MAKES = {
    "heads": st.integers(1, 3),
    "planes": st.integers(3, 5),  # of rotation in a head
    "mlp_ratio": st.sampled_from([1.0, 2.5, 4.0]),
    "depth": st.integers(0, 2),
    "depth_single_blocks": st.integers(0, 2),
    "qkv_bias": st.booleans(),
    "guidance_embed": st.booleans(),
    "out_channels": st.sampled_from([4, 16]),
}


def config_of(heads, planes, **make):
    """A model with or without blocks of a kind, biases, guidance."""
    width, axes_dim = 2 * planes, (2, 2, 2 * planes - 4)
    return replace(FLUX, hidden_size=heads * width, num_heads=heads, axes_dim=axes_dim, **make)


@settings(max_examples=12)
@given(st.fixed_dictionaries(MAKES), st.integers(1, 2), st.integers(0, 99))
def test_the_parts_add_up_to_the_velocity(make, batch, seed):
    config = config_of(**make)
    torch.manual_seed(seed)

    call, velocity = attributed(tiny_flux(config), tiny_inputs(config, batch, (1, 2), 3))

    torch.testing.assert_close(call.values.sum(dim=0), velocity, **ROUNDING)
    assert torch.equal(call.velocity, velocity)
    assert call.rest.abs().max() < 1e-5 * max(1, velocity.abs().max())


def test_the_parts_of_a_write_are_what_the_last_layer_reads_of_it():
    flux, inputs = tiny_flux(), tiny_inputs(txt=5)
    with record(flux, ["*_write", "single.*.write", "final.*", "embed.img"]) as seen:
        call, _ = attributed(flux, inputs)

    sigma = (seen["final.resid"].var(dim=-1, correction=0, keepdim=True) + 1e-6).sqrt()
    writes = {
        ("embedding",): seen["embed.img"],
        ("double 0 · head", "double 0 · attention bias"): seen["double.0.img.attn_write"],
        ("double 1 · MLP",): seen["double.1.img.mlp_write"],
        ("single 1",): seen["single.1.write"][:, 5:],
    }
    for words, write in writes.items():
        centred = (write - write.mean(dim=-1, keepdim=True)) / sigma
        expected = ((1 + seen["final.scale"]) * centred) @ flux.final_layer.linear.weight.mT
        torch.testing.assert_close(parts_of(call, *words), expected, **ROUNDING)


@pytest.mark.parametrize(("block", "kind"), [("double.1", "double 1"), ("single.0", "single 0")])
def test_a_head_that_gathers_nothing_has_no_part(block, kind):
    flux = tiny_flux()

    def silence(z, at):
        return torch.cat([z[:, :1], 0 * z[:, 1:]], dim=1)

    with edit(flux, {f"{block}.attn.z": silence}):
        call, velocity = attributed(flux, tiny_inputs())

    assert (parts_of(call, f"{kind} · head 1") == 0).all()
    assert (parts_of(call, f"{kind} · head 0") != 0).all()
    torch.testing.assert_close(call.values.sum(dim=0), velocity, **ROUNDING)


def test_a_silent_mlp_has_no_part():
    flux = tiny_flux()

    with edit(flux, {"single.1.mlp_act": lambda x, at: 0 * x}):
        call, velocity = attributed(flux, tiny_inputs())

    assert (parts_of(call, "single 1 · MLP") == 0).all()
    torch.testing.assert_close(call.values.sum(dim=0), velocity, **ROUNDING)


def test_a_bypassed_block_has_written_nothing():
    flux = tiny_flux()

    with edit(flux, {"double.0.bypass": True, "single.1.bypass": True}):
        call, velocity = attributed(flux, tiny_inputs())

    assert (parts_of(call, "double 0", "single 1") == 0).all()
    torch.testing.assert_close(call.values.sum(dim=0), velocity, **ROUNDING)


def test_an_edit_of_what_was_written_shows_in_the_rest():
    flux = tiny_flux()

    with edit(flux, {"double.0.img.attn_write": lambda x, at: x + 1 + x.square()}):
        call, velocity = attributed(flux, tiny_inputs())

    assert (call.rest_size() > 0.01).all()
    torch.testing.assert_close(call.values.sum(dim=0) + call.rest, velocity, **ROUNDING)


def test_biases_are_named_and_are_the_same_for_all_tokens_up_to_sigma():
    call, _ = attributed(tiny_flux(), tiny_inputs())
    biases = [i for i, part in enumerate(call.parts) if part.kind == "bias"]

    assert [str(call.parts[i]) for i in biases] == [
        "embedding · bias",
        "double 0 · attention bias", "double 0 · MLP bias",
        "double 1 · attention bias", "double 1 · MLP bias",
        "single 0 · bias", "single 1 · bias",
        "last layer · shift", "last layer · bias",
    ]  # fmt: skip
    for i in biases:
        directions = torch.nn.functional.normalize(call.values[i], dim=-1)
        torch.testing.assert_close(directions, directions[:, :1].expand_as(directions), **ROUNDING)


def test_shares_add_up_to_one_and_are_projections():
    call, velocity = attributed(tiny_flux(), tiny_inputs())

    assert call.share().shape == call.size().shape == (len(call.parts), 2)
    np.testing.assert_allclose(call.share().sum(axis=0), 1, atol=1e-5)
    part, v = call.values[3, 1].flatten(), velocity[1].flatten()
    np.testing.assert_allclose(call.share()[3, 1], part @ v / (v @ v), rtol=1e-4)
    np.testing.assert_allclose(call.size()[3, 1], part.norm() / v.norm(), rtol=1e-4)


def test_in_low_precision_the_rest_is_what_rounding_leaves():
    inputs = {name: value.bfloat16() for name, value in tiny_inputs().items()}

    call, _ = attributed(tiny_flux().bfloat16(), inputs)

    assert (call.rest_size() > 0).all() and (call.rest_size() < 0.05).all()


def test_flux_dev_has_as_many_parts_as_the_legend_says():
    with torch.device("meta"):
        writes = image_writes(Flux(PRESETS["flux-dev"]))

    assert sum(len(write.columns) + 1 for write in writes) + 2 == AXES["part"].flux


def test_one_entry_is_kept_for_each_step_that_is_asked_for():
    pipe = tiny_pipeline()

    with attribute(pipe, steps=[1, 2]) as calls, record(pipe, "step.v", steps=[1, 2]) as seen:
        pipe.paint(tiny_conditioning())

    assert [call.moment.step for call in calls] == [1, 2]
    for call, velocity in zip(calls, seen["step.v"], strict=True):
        torch.testing.assert_close(call.values.sum(dim=0), velocity, **ROUNDING)


def test_too_many_parts_are_refused_unless_they_are_reduced_at_once():
    pipe, one = tiny_pipeline(), 4 * 22 * 2 * 4 * 16  # bytes of 22 parts of one call

    with pytest.raises(TooLargeError, match=r"22 parts of 3 calls would hold 33\.8 kB"):
        with attribute(pipe, max_bytes=2 * one):
            pipe.paint(tiny_conditioning())
    assert not watched()

    with attribute(pipe, reduce=lambda call: call.share(), max_bytes=one) as shares:
        pipe.paint(tiny_conditioning())
    assert [share.shape for share in shares] == [(22, 2)] * 3
