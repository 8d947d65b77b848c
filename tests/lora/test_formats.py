"""Every format is recognised, read and written back, and they all say the same."""

import json

import pytest
import torch
from safetensors.torch import save_file
from tiny_loras import PROGRAMS, control_file, integers, lora_file, same, weight_changes

from fluxlearn import lora
from fluxlearn.config import PRESETS
from fluxlearn.lora.alphas import alpha_of_config
from fluxlearn.lora.fit import check_fit
from fluxlearn.lora.formats import FORMATS
from fluxlearn.model.flux import Flux

over_formats = pytest.mark.parametrize("format", FORMATS)


def test_every_format_is_tested():
    assert FORMATS.keys() == PROGRAMS.keys()


@over_formats
def test_a_file_is_recognised_and_written_back_tensor_for_tensor(format):
    tensors = lora_file(format)

    found = lora.read(tensors)

    assert found.format == format
    assert same(lora.to_tensors(found, format), tensors)


@pytest.mark.parametrize("through", FORMATS.keys() - {"xlabs"})
def test_a_fused_file_comes_back_from_any_format_without_a_changed_bit(through):
    start = lora.read(lora_file("kohya", rank=4, alpha=1))

    there = lora.read(lora.to_tensors(start, through))
    back = lora.read(lora.to_tensors(there, "kohya"))

    assert same(weight_changes(there), weight_changes(start))
    assert same(weight_changes(back), weight_changes(start))
    assert {patch.rank for layer in back.patches.values() for patch in layer} == {4}


@pytest.mark.parametrize("through", ["kohya", "comfyui", "bfl", "fal", "simpletuner"])
def test_a_split_file_comes_back_tensor_for_tensor(through):
    tensors = lora_file("diffusers", rank=3)

    there = lora.to_tensors(lora.read(tensors), through)

    assert same(lora.to_tensors(lora.read(there), "diffusers"), tensors)


def test_what_xlabs_trains_comes_back_from_kohya_tensor_for_tensor():
    tensors = lora_file("xlabs")

    there = lora.to_tensors(lora.read(tensors), "kohya")

    assert same(lora.to_tensors(lora.read(there), "xlabs"), tensors)


@pytest.mark.parametrize("through", ["diffusers", "transformer", "comfyui"])
def test_an_alpha_that_would_round_is_kept_in_every_layer(through):
    tensors = lora_file("kohya", rank=3, alpha=1)

    there = lora.to_tensors(lora.read(tensors), through)

    assert sum(key.endswith(".alpha") for key in there) == len(there) / 3
    assert same(lora.to_tensors(lora.read(there), "kohya"), tensors)


def test_where_no_program_reads_an_alpha_it_is_rounded_into_the_matrices():
    start = lora.read(lora_file("kohya", rank=3, alpha=1))

    there = lora.to_tensors(start, "bfl")

    assert not any(key.endswith(".alpha") for key in there)
    for name, change in weight_changes(lora.read(there)).items():
        # One rounding of float32: 2⁻²⁴ of each of the 3 · 9 products of size 1 / 3 at most.
        torch.testing.assert_close(change, weight_changes(start)[name], atol=1e-6, rtol=0)


@pytest.mark.parametrize("through", ["bfl", "fal", "diffusers", "transformer", "peft"])
def test_a_control_file_keeps_biases_and_norm_scales(through):
    tensors = control_file()

    there = lora.to_tensors(lora.read(tensors), through)

    assert same(lora.to_tensors(lora.read(there), "bfl"), tensors)


@pytest.mark.parametrize("format", ["kohya", "comfyui", "xlabs", "simpletuner"])
def test_a_format_without_a_place_for_norm_scales_is_refused(format):
    with pytest.raises(ValueError, match=f"the {format} format has no place for"):
        lora.to_tensors(lora.read(control_file()), format)


def test_layers_that_xlabs_has_no_name_for_are_refused_by_name():
    with pytest.raises(ValueError, match=r"double_blocks\.0\.img_mod\.lin, .* and 11 more"):
        lora.to_tensors(lora.read(lora_file("kohya")), "xlabs")


def test_rows_that_xlabs_has_no_name_for_are_refused_by_number():
    prefix = "lora_unet_single_blocks_0_linear1.lora"
    tensors = {f"{prefix}_down.weight": integers(2, 32), f"{prefix}_up.weight": integers(224, 2)}

    with pytest.raises(
        ValueError, match=r"no place for rows 96 … 223 of single_blocks\.0\.linear1"
    ):
        lora.to_tensors(lora.read(tensors), "xlabs")


def test_another_mlp_ratio_is_asked_for():
    with pytest.raises(
        ValueError, match=r"changed up to row 224, but has 160 rows with mlp_ratio 2"
    ):
        lora.to_tensors(lora.read(lora_file("kohya")), "diffusers", mlp_ratio=2.0)


@pytest.mark.parametrize(("format", "layers"), [("kohya", 304), ("diffusers", 494), ("xlabs", 152)])
def test_a_lora_of_all_blocks_of_flux_dev_has_every_key_and_fits(format, layers):
    config = PRESETS["flux-dev"]
    depths = config.depth, config.depth_single_blocks
    tensors = lora_file(format, rank=1, dim=config.hidden_size, depths=depths)
    with torch.device("meta"):
        flux = Flux(config)

    found = lora.read(tensors)
    check_fit(flux, found, 1.0)

    assert sum("up.weight" in key or "lora_B" in key for key in tensors) == layers
    assert same(lora.to_tensors(found, format), tensors)


def test_the_text_encoders_share_stays_in_its_own_format():
    text = {"lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": integers(2, 8)}
    tensors = lora_file("kohya") | text

    found = lora.read(tensors)

    assert same(lora.to_tensors(found, "kohya"), tensors)
    assert "1 tensors for text encoders" in repr(found)
    with pytest.raises(ValueError, match="no place for lora_te1_text_model"):
        lora.to_tensors(found, "diffusers")


@over_formats
def test_a_saved_file_is_read_from_disk(format, tmp_path):
    found = lora.read(lora_file(format))

    lora.save(found, tmp_path / "a.safetensors", format=format)

    assert same(weight_changes(lora.read(tmp_path / "a.safetensors")), weight_changes(found))


def test_a_failed_save_leaves_the_old_file(tmp_path):
    file = tmp_path / "a.safetensors"
    lora.save(lora.read(lora_file("xlabs")), file, format="xlabs")
    before = file.read_bytes()

    with pytest.raises(ValueError, match="no place"):
        lora.save(lora.read(lora_file("kohya")), file, format="xlabs")

    assert file.read_bytes() == before


def test_the_alpha_of_a_folder_that_peft_saved_is_in_its_config(tmp_path):
    save_file(lora_file("peft"), tmp_path / "adapter_model.safetensors")
    config = {"r": 4, "lora_alpha": 8, "alpha_pattern": {"transformer_blocks.0.attn.to_q": 2}}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))

    q, k, _ = lora.read(tmp_path).patches["double_blocks.0.img_attn.qkv"]

    assert (q.scale, k.scale) == (0.5, 2.0)


def test_the_alpha_that_diffusers_saved_is_in_the_header(tmp_path):
    header = {"lora_adapter_metadata": json.dumps({"transformer.lora_alpha": 8})}
    save_file(lora_file("diffusers"), tmp_path / "a.safetensors", metadata=header)

    found = lora.read(tmp_path / "a.safetensors")

    assert {patch.scale for layer in found.patches.values() for patch in layer} == {2.0}


def test_a_rank_stabilised_lora_divides_by_the_root_of_its_rank():
    alpha = alpha_of_config({"lora_alpha": 8, "use_rslora": True})

    assert alpha("x_embedder", 16) / 16 == 8 / 16**0.5


def test_a_dora_is_refused():
    with pytest.raises(ValueError, match="use_dora is set"):
        alpha_of_config({"use_dora": True})


NAME = "lora_unet_double_blocks_0_img_attn_proj"
TORN = {
    "no up matrix, only down": {".lora_up.weight": None},
    "no down matrix, only up": {".lora_down.weight": None},
    r"down \(4, 32\) and up \(32, 3\)": {".lora_up.weight": integers(32, 3)},
    r"down \(4, 32, 1, 1\)": {".lora_down.weight": integers(4, 32, 1, 1)},
    "alpha nan": {".alpha": torch.tensor(float("nan"))},
    "two tensors that are its down": {".lora_A.weight": integers(4, 32)},
    "1 of 61 keys are no part of a plain LoRA": {".lora_mid.weight": integers(4, 4)},
    "LoKr": {".lokr_w1": integers(4, 4)},
    "DoRA": {".dora_scale": integers(32)},
}


@pytest.mark.parametrize(("message", "change"), TORN.items(), ids=TORN)
def test_a_torn_or_foreign_layer_is_refused_by_name(message, change):
    tensors = lora_file("kohya", depths=(2, 0))
    changed = tensors | {NAME + ending: t for ending, t in change.items()}
    left = {key: tensor for key, tensor in changed.items() if tensor is not None}

    with pytest.raises(ValueError, match=message) as caught:
        lora.read(left)

    assert NAME in str(caught.value)


def test_a_key_of_another_model_is_refused():
    with pytest.raises(ValueError, match=r"no LoRA for Flux .* \['lora_unet_down_blocks_0"):
        lora.read({"lora_unet_down_blocks_0_attentions_0.lora_down.weight": integers(4, 4)})


def test_a_part_of_another_size_is_refused():
    tensors = lora_file("diffusers")
    tensors["transformer.transformer_blocks.0.attn.to_q.lora_B.weight"] = integers(48, 4)

    with pytest.raises(ValueError, match=r"attn\.to_q has 48 rows, but with 32 inputs 32"):
        lora.read(tensors)


def test_a_folder_without_a_lora_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither adapter_model\.safetensors nor"):
        lora.read(tmp_path)


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'civitai' is no format. There are kohya, diffusers"):
        lora.to_tensors(lora.read(lora_file("kohya")), "civitai")
