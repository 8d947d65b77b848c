"""The whole forward pass: what it is made of, and what it does not depend on."""

import re

import pytest
import torch
from tiny_models import FLUX, SCHNELL, tiny_flux, tiny_inputs

from fluxlearn.trace.record import record

# float32 sums in another order.
REORDERED = {"atol": 1e-5, "rtol": 0}

KEYS = (
    r"(img_in|txt_in|final_layer\.linear|final_layer\.adaLN_modulation\.1)\.(weight|bias)",
    r"(time_in|vector_in|guidance_in)\.(in_layer|out_layer)\.(weight|bias)",
    r"double_blocks\.\d\.(img|txt)_(mod\.lin|attn\.qkv|attn\.proj|mlp\.0|mlp\.2)\.(weight|bias)",
    r"double_blocks\.\d\.(img|txt)_attn\.norm\.(query|key)_norm\.scale",
    r"single_blocks\.\d\.(linear1|linear2|modulation\.lin)\.(weight|bias)",
    r"single_blocks\.\d\.norm\.(query|key)_norm\.scale",
)


def test_state_dict_keys_are_those_of_bfl():
    keys = tiny_flux().state_dict()

    assert [key for key in keys if not any(re.fullmatch(k, key) for k in KEYS)] == []


def test_the_stream_is_exactly_the_sum_of_what_was_written_to_it():
    flux, inputs = tiny_flux(), tiny_inputs(txt=5)

    with record(flux, ["embed.img", "*_write", "single.*.write", "final.resid"]) as seen:
        flux(**inputs)

    resid = seen["embed.img"]
    for i in range(FLUX.depth):
        resid = resid + seen[f"double.{i}.img.attn_write"]
        resid = resid + seen[f"double.{i}.img.mlp_write"]
    for i in range(FLUX.depth_single_blocks):
        resid = resid + seen[f"single.{i}.write"][:, 5:]
    assert torch.equal(resid, seen["final.resid"])


def test_the_velocity_is_linear_in_what_the_last_layer_reads():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "final.*") as seen:
        velocity = flux(**inputs)

    modulated = (1 + seen["final.scale"]) * seen["final.norm"] + seen["final.shift"]
    assert torch.equal(flux.final_layer.linear(modulated), velocity)


def test_the_order_of_text_tokens_does_not_matter():
    flux, inputs = tiny_flux(), tiny_inputs(txt=7)
    shuffled = inputs | {"txt": inputs["txt"][:, torch.randperm(7)]}

    torch.testing.assert_close(flux(**shuffled), flux(**inputs), **REORDERED)


def test_image_tokens_may_be_listed_in_any_order_with_their_positions():
    flux, inputs = tiny_flux(), tiny_inputs(grid=(2, 3))
    order = torch.randperm(6)
    shuffled = {name: inputs[name][:, order] for name in ("img", "img_ids")}

    velocity = flux(**inputs | shuffled)

    torch.testing.assert_close(velocity, flux(**inputs)[:, order], **REORDERED)


def test_the_position_of_an_image_token_matters():
    flux, inputs = tiny_flux(), tiny_inputs()
    moved = inputs | {"img_ids": inputs["img_ids"].flip(1)}

    assert (flux(**moved) - flux(**inputs)).abs().max() > 0.01


def test_only_relative_positions_of_image_tokens_matter_without_text_beside_them():
    flux, inputs = tiny_flux(), tiny_inputs(txt=1)
    offset = torch.tensor([0.0, 5.0, 3.0])
    moved = {name: inputs[name] + offset for name in ("img_ids", "txt_ids")}

    torch.testing.assert_close(flux(**inputs | moved), flux(**inputs), atol=1e-4, rtol=0)


def test_padding_is_read_like_any_other_token():
    flux, inputs = tiny_flux(), tiny_inputs(txt=5)
    other = inputs["txt"].clone()
    other[:, -1] += 1

    assert (flux(**inputs | {"txt": other}) != flux(**inputs)).all()


def test_more_padding_changes_the_velocity():
    flux, inputs = tiny_flux(), tiny_inputs(txt=5)
    pad = inputs["txt"][:, -1:].repeat(1, 3, 1)
    longer = {"txt": torch.cat([inputs["txt"], pad], 1), "txt_ids": torch.zeros(2, 8, 3)}

    assert (flux(**inputs | longer) - flux(**inputs)).abs().max() > 1e-3


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_a_setting_kept_from_step_to_step_changes_no_bit(config):
    flux, inputs = tiny_flux(config), tiny_inputs(config)
    whole = flux(**inputs)

    img, timesteps = inputs.pop("img"), inputs.pop("timesteps")
    setting = flux.setting(**inputs)

    assert torch.equal(flux.velocity(img, timesteps, setting), whole)
    assert torch.equal(flux.velocity(img, timesteps, setting), whole)


def test_pictures_of_a_batch_do_not_see_each_other():
    flux, inputs = tiny_flux(), tiny_inputs(batch=3)

    together = flux(**inputs)
    apart = [flux(**{k: v[i : i + 1] for k, v in inputs.items()}) for i in range(3)]

    torch.testing.assert_close(torch.cat(apart), together, **REORDERED)


def test_one_set_of_rotations_serves_a_whole_batch():
    flux, inputs = tiny_flux(), tiny_inputs(batch=3)
    img, timesteps = inputs.pop("img"), inputs.pop("timesteps")
    setting = flux.setting(**inputs)

    shared = flux.velocity(img, timesteps, setting._replace(pe=setting.pe[:1]))

    assert torch.equal(shared, flux.velocity(img, timesteps, setting))


def test_guidance_changes_the_velocity_of_a_guidance_distilled_model():
    flux, inputs = tiny_flux(), tiny_inputs()
    stronger = inputs | {"guidance": inputs["guidance"] + 1}

    assert (flux(**stronger) - flux(**inputs)).abs().max() > 0.01


def test_guidance_is_ignored_by_a_model_without_the_embedding():
    flux, inputs = tiny_flux(SCHNELL), tiny_inputs(SCHNELL)

    assert torch.equal(flux(**inputs, guidance=torch.ones(2)), flux(**inputs))


def test_guidance_is_asked_for_by_a_model_that_needs_it():
    inputs = tiny_inputs()
    del inputs["guidance"]

    with pytest.raises(ValueError, match="guidance is None, but this model is guidance-distilled"):
        tiny_flux()(**inputs)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_velocity_has_the_dtype_of_the_weights(dtype):
    inputs = {name: value.to(dtype) for name, value in tiny_inputs().items()}

    assert tiny_flux().to(dtype)(**inputs).dtype == dtype
