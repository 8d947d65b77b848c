"""Attached or fused, a LoRA does the same; taken off, it was never there."""

import copy
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_loras import control_file, lora_file, same
from tiny_models import FLUX, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn import lora
from fluxlearn.lora.linear import LinearLora
from fluxlearn.model.flux import Flux
from fluxlearn.trace.record import record


def tiny_lora(program="kohya", alpha=0.01):
    """A change of the size of the weights: sums of 4 products up to 9, times α / 4."""
    found = lora.read(lora_file(program))
    patches = {
        name: tuple(replace(patch, alpha=alpha) for patch in some)
        for name, some in found.patches.items()
    }
    return replace(found, patches=patches)


def state(flux):
    return {name: tensor.clone() for name, tensor in flux.state_dict().items()}


@pytest.mark.parametrize("program", ["kohya", "diffusers", "xlabs"])
def test_attached_and_fused_it_computes_the_same(program):
    flux, inputs, found = tiny_flux(), tiny_inputs(), tiny_lora(program)
    plain = flux(**inputs)

    with lora.attach(flux, found, 0.7):
        attached = flux(**inputs)
    with lora.fuse(flux, found, 0.7):
        fused = flux(**inputs)

    # Two orders of summation in float32, in four blocks.
    torch.testing.assert_close(attached, fused, atol=2e-5, rtol=0)
    assert (fused - plain).abs().max() > 0.01


def test_a_split_lora_computes_what_the_fused_one_does():
    flux, inputs, found = tiny_flux(), tiny_inputs(), tiny_lora()

    with lora.attach(flux, found):
        fused = flux(**inputs)
    with lora.attach(flux, lora.read(lora.to_tensors(found, "diffusers"))):
        split = flux(**inputs)

    torch.testing.assert_close(split, fused, atol=2e-5, rtol=0)


def test_at_scale_0_an_attached_lora_changes_no_bit():
    flux, inputs = tiny_flux(), tiny_inputs()
    plain = flux(**inputs)

    lora.attach(flux, tiny_lora(), 0.0)

    assert torch.equal(flux(**inputs), plain)


@pytest.mark.parametrize("put", [lora.attach, lora.fuse])
def test_the_scale_can_be_set_at_any_time(put):
    flux, inputs, found = tiny_flux(), tiny_inputs(), tiny_lora()
    with put(flux, found, 0.3):
        expected = flux(**inputs)

    change = put(flux, found)
    change.scale = 0.3

    assert torch.equal(flux(**inputs), expected)


@settings(max_examples=5)
@given(
    puts=st.lists(st.sampled_from([lora.attach, lora.fuse]), min_size=1, max_size=3),
    order=st.randoms(use_true_random=False),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_taken_off_in_any_order_the_very_bits_are_back(puts, order, dtype):
    flux = tiny_flux().to(dtype)
    before, modules = state(flux), dict(flux.named_modules())

    changes = [put(flux, tiny_lora(), scale) for scale, put in enumerate(puts, 1)]
    order.shuffle(changes)
    for change in changes:
        change.remove()

    assert same(state(flux), before)
    assert dict(flux.named_modules()) == modules
    assert lora.changes(flux) == []


def test_one_of_two_fused_is_taken_off_as_if_it_had_never_come():
    flux, first, second = tiny_flux().bfloat16(), tiny_lora(), tiny_lora()
    with lora.fuse(flux, second):
        alone = state(flux)

    lora.fuse(flux, first)
    lora.fuse(flux, second)
    lora.remove(flux, first)

    assert same(state(flux), alone)


def test_subtracting_a_fused_lora_would_not_give_the_bits_back():
    flux, found = tiny_flux().bfloat16(), tiny_lora()
    weight = flux.single_blocks[0].linear1.weight
    before = weight.clone()

    lora.fuse(flux, found)
    (patch,) = found.patches["single_blocks.0.linear1"]

    assert not torch.equal((weight.float() - patch.delta()).bfloat16(), before)


def test_what_is_fused_and_then_converted_comes_off_in_the_new_precision():
    flux, expected = tiny_flux(), state(tiny_flux())
    flux.load_state_dict(expected)

    change = lora.fuse(flux, tiny_lora())
    flux.bfloat16()
    change.remove()

    assert same(state(flux), {name: tensor.bfloat16() for name, tensor in expected.items()})


def test_norm_scales_that_are_given_anew_are_put_back():
    flux, control = tiny_flux(), lora.read(control_file())
    before, name = state(flux), "double_blocks.1.txt_attn.norm.key_norm.scale"

    with lora.attach(flux, control, 0.0):
        inside = state(flux)

    assert torch.equal(inside[name], control.replaced[name])
    assert same(state(flux), before)


def test_the_weights_under_an_attached_lora_are_not_touched():
    flux, found = tiny_flux(), tiny_lora()
    before = state(flux)

    lora.attach(flux, found)

    left = {name: tensor for name, tensor in state(flux).items() if ".patches." not in name}
    assert same(left, before)


def test_an_error_inside_the_block_takes_the_lora_off():
    flux = tiny_flux()
    before = state(flux)

    with pytest.raises(ZeroDivisionError):
        with lora.fuse(flux, tiny_lora()), lora.attach(flux, tiny_lora()):
            1 / 0  # noqa: B018

    assert same(state(flux), before)


def test_a_fusion_that_fails_half_way_leaves_no_trace(monkeypatch):
    flux, found = tiny_flux(), tiny_lora()
    before, calls = state(flux), iter([False, False, True])

    def fail_at_last(name, value, active):
        return 1 / 0 if next(calls) else value + 1

    monkeypatch.setattr("fluxlearn.lora.change._changed", fail_at_last)
    with pytest.raises(ZeroDivisionError):
        lora.fuse(flux, found)

    assert same(state(flux), before)
    assert lora.changes(flux) == []


def test_a_pipeline_paints_with_it_and_then_as_before():
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)
    plain = pipe.paint(prompt, seed=1, steps=1).latents

    with lora.attach(pipe, tiny_lora()):
        changed = pipe.paint(prompt, seed=1, steps=1).latents

    assert not torch.allclose(changed, plain, atol=1e-3)
    assert torch.equal(pipe.paint(prompt, seed=1, steps=1).latents, plain)


def test_a_recorder_sees_what_a_lora_changes():
    flux, inputs, points = tiny_flux(), tiny_inputs(), "double.0.img.*"
    with record(flux, points) as plain:
        flux(**inputs)

    with lora.attach(flux, tiny_lora("xlabs")), record(flux, points) as changed:
        flux(**inputs)

    assert torch.equal(changed["double.0.img.norm1"], plain["double.0.img.norm1"])
    assert not torch.equal(changed["double.0.img.q"], plain["double.0.img.q"])


def test_two_attached_do_what_their_combination_does():
    flux, inputs, first, second = tiny_flux(), tiny_inputs(), tiny_lora(), tiny_lora("diffusers")
    with lora.attach(flux, first, 0.5), lora.attach(flux, second, -1.0):
        both = flux(**inputs)

    with lora.attach(flux, lora.combine([(first, 0.5), (second, -1.0)])):
        combined = flux(**inputs)

    torch.testing.assert_close(combined, both, atol=2e-5, rtol=0)


def test_remove_without_a_name_takes_all_off():
    flux = tiny_flux()
    before = state(flux)
    lora.attach(flux, tiny_lora())
    lora.fuse(flux, tiny_lora())

    lora.remove(flux)

    assert same(state(flux), before)


def test_a_copied_model_keeps_its_lora_when_the_first_loses_it():
    flux, inputs, found = tiny_flux(), tiny_inputs(), tiny_lora()
    plain, change = flux(**inputs), lora.attach(flux, found)
    twin = copy.deepcopy(flux)

    change.remove()

    assert torch.equal(flux(**inputs), plain)
    assert not torch.equal(twin(**inputs), plain)
    lora.remove(twin)
    assert torch.equal(twin(**inputs), plain)


def test_only_the_patches_are_trained_and_are_saved_as_they_are_then():
    flux, found = tiny_flux(), tiny_lora()
    change = lora.attach(flux, found)
    layer = flux.double_blocks[0].img_attn.qkv
    layer.patches.requires_grad_(True)

    flux(**tiny_inputs()).square().mean().backward()
    torch.optim.SGD(layer.patches.parameters(), lr=0.1).step()

    (before,) = found.patches["double_blocks.0.img_attn.qkv"]
    (after,) = change.trained().patches["double_blocks.0.img_attn.qkv"]
    assert isinstance(layer, LinearLora)
    assert layer.weight.grad is None
    assert torch.equal(after.up, layer.patches[0].up)
    assert not torch.equal(after.up, before.up)


def test_the_text_encoders_share_is_not_dropped_in_silence():
    found = replace(tiny_lora(), text={"lora_te1_a.alpha": torch.ones(())})

    with pytest.warns(UserWarning, match=r"1 tensors for the text encoders, such as lora_te1_a"):
        lora.attach(tiny_flux(), found)


def test_a_model_without_memory_takes_a_lora():
    with torch.device("meta"):
        flux = Flux(FLUX)

    with lora.attach(flux, lora.read(control_file())), lora.fuse(flux, tiny_lora()):
        assert flux(**{k: v.to("meta") for k, v in tiny_inputs().items()}).is_meta
