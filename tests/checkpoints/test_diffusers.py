"""Converting weights to diffusers' form and back; the reference tests compare what they compute."""

from dataclasses import replace

import pytest
import torch
from tiny_models import AUTOENCODER, FLUX, SCHNELL, tiny_autoencoder, tiny_flux

from fluxlearn.checkpoints.diffusers import diffusers_sizes, from_diffusers, to_diffusers

MODELS = {
    "dev": (tiny_flux, FLUX),
    "schnell": (tiny_flux, SCHNELL),
    "one double block": (tiny_flux, replace(FLUX, depth=1, depth_single_blocks=0)),
    "wide": (tiny_flux, replace(FLUX, hidden_size=60, num_heads=3, axes_dim=(4, 8, 8))),
    "autoencoder": (tiny_autoencoder, AUTOENCODER),
    "deeper autoencoder": (tiny_autoencoder, replace(AUTOENCODER, ch_mult=(1, 2, 1, 3, 3))),
}
over_models = pytest.mark.parametrize(("build", "config"), MODELS.values(), ids=MODELS)


def same_weights(some, others):
    return some.keys() == others.keys() and all(torch.equal(some[k], others[k]) for k in some)


@over_models
def test_there_and_back_is_the_identity(build, config):
    state = build(config).state_dict()

    assert same_weights(from_diffusers(to_diffusers(state, config), config), state)


@over_models
def test_back_and_there_is_the_identity(build, config):
    theirs = to_diffusers(build(config).state_dict(), config)

    assert same_weights(to_diffusers(from_diffusers(theirs, config), config), theirs)


@over_models
def test_only_the_swapped_halves_are_copied_on_the_way_to_diffusers(build, config):
    state = build(config).state_dict()
    ours = {tensor.untyped_storage().data_ptr() for tensor in state.values()}

    theirs = to_diffusers(state, config)

    copied = {k for k, t in theirs.items() if t.untyped_storage().data_ptr() not in ours}
    assert copied == {k for k in theirs if k.startswith("norm_out.linear.")}


def test_only_what_is_stacked_or_swapped_is_copied_on_the_way_back():
    theirs = to_diffusers(tiny_flux().state_dict(), FLUX)
    storages = {tensor.untyped_storage().data_ptr() for tensor in theirs.values()}

    ours = from_diffusers(theirs, FLUX)

    copied = {k for k, t in ours.items() if t.untyped_storage().data_ptr() not in storages}
    stacked = ("qkv.weight", "qkv.bias", "linear1.weight", "linear1.bias")
    assert copied == {k for k in ours if k.endswith(stacked) or "adaLN" in k}


def test_the_last_modulation_gets_its_scale_first():
    state = tiny_flux().state_dict()
    shift, scale = state["final_layer.adaLN_modulation.1.bias"].chunk(2)

    theirs = to_diffusers(state, FLUX)["norm_out.linear.bias"]

    assert torch.equal(theirs, torch.cat([scale, shift]))


def test_the_dtype_is_kept():
    state = tiny_flux().bfloat16().state_dict()

    converted = from_diffusers(to_diffusers(state, FLUX), FLUX)

    assert {tensor.dtype for tensor in converted.values()} == {torch.bfloat16}


def test_a_missing_tensor_is_named():
    state = tiny_flux().state_dict()
    del state["img_in.bias"]

    with pytest.raises(ValueError, match=r"img_in\.bias is missing\. Is it another variant"):
        to_diffusers(state, FLUX)


def test_a_foreign_tensor_is_named():
    state = tiny_flux().state_dict() | {"controlnet.0.weight": torch.zeros(1)}

    with pytest.raises(ValueError, match=r"controlnet\.0\.weight is unknown"):
        to_diffusers(state, FLUX)


def test_the_weights_of_a_deeper_model_are_not_converted_in_part():
    theirs = to_diffusers(tiny_flux().state_dict(), FLUX)

    with pytest.raises(ValueError, match="and 11 more. Is it another variant, or another depth"):
        from_diffusers(theirs, replace(FLUX, depth_single_blocks=1))


def test_weights_that_are_converted_already_are_recognised():
    state = tiny_flux().state_dict()

    with pytest.raises(ValueError, match="already have the names"):
        from_diffusers(state, FLUX)


def test_weights_of_another_width_are_refused():
    state = tiny_flux().state_dict()

    with pytest.raises(ValueError, match="has 96 rows, but 144 fit this config"):
        to_diffusers(state, replace(FLUX, hidden_size=48, axes_dim=(8, 8, 8)))


@pytest.mark.parametrize(
    "change", [{"mlp_ratio": 2.0}, {"theta": 500}, {"qkv_bias": False}], ids=str
)
def test_what_diffusers_cannot_represent_is_refused(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))} is .* written into its code"):
        diffusers_sizes(replace(FLUX, **change))


def test_an_autoencoder_that_starts_wider_than_ch_is_refused():
    with pytest.raises(ValueError, match="ch_mult"):
        diffusers_sizes(replace(AUTOENCODER, ch_mult=(2, 2)))
