"""What converters elsewhere are known to get wrong, one test each."""

from dataclasses import replace

import pytest
import torch
from tiny_loras import control_file, integers, lora_file, same, weight_changes
from tiny_models import FLUX, tiny_flux

from fluxlearn import lora


def matrices(name, rank, width, rows, alpha=None):
    """One layer of a kohya file."""
    tensors = {
        f"lora_unet_{name}.lora_down.weight": integers(rank, width),
        f"lora_unet_{name}.lora_up.weight": integers(rows, rank),
    }
    return tensors | ({} if alpha is None else {f"lora_unet_{name}.alpha": torch.tensor(alpha)})


def test_linear1_is_cut_into_four():
    # sd-scripts issue 2220: four sizes are unpacked into three names.
    tensors = lora.to_tensors(
        lora.read(matrices("single_blocks_0_linear1", 4, 32, 224)), "diffusers"
    )

    rows = [t.shape[0] for key, t in tensors.items() if "lora_B" in key]
    assert rows == [32, 32, 32, 128]


def test_alpha_grows_with_the_rank_when_parts_are_put_together():
    # sd-scripts `state_dict` leaves it: q, k, v then work at a third of their strength.
    split = lora.read(lora_file("simpletuner", rank=4, alpha=2.0))

    fused = lora.to_tensors(split, "kohya")

    name = "lora_unet_double_blocks_0_img_attn_qkv"
    assert fused[f"{name}.lora_down.weight"].shape == (12, 32)
    assert fused[f"{name}.alpha"] == 6.0


def test_split_parts_are_fused_into_their_rows():
    # sd-scripts `merge_to` pads the matrix and then uses the one without padding.
    flux, split = tiny_flux(), lora.read(lora_file("diffusers"))
    before = flux.single_blocks[1].linear1.weight.clone()

    lora.fuse(flux, split)

    change = weight_changes(split)["single_blocks.1.linear1"].float()
    # The sums are exact integers, added to weights of size 0.2: one rounding at size 36.
    after = flux.single_blocks[1].linear1.weight
    torch.testing.assert_close(after - before, change, atol=4e-6, rtol=0)


def test_the_last_double_block_is_not_forgotten():
    # sd-scripts `flux_merge_lora` counts 18 double blocks; there are 19.
    tensors = matrices("double_blocks_18_img_mod_lin", 4, 32, 192)

    assert list(lora.read(tensors).patches) == ["double_blocks.18.img_mod.lin"]


def test_each_layer_has_its_own_rank_and_alpha():
    # DiffSynth takes the first α for all, and multiplies every tensor by √(α / rank).
    tensors = matrices("double_blocks_0_img_mlp_0", 4, 32, 128, alpha=1.0)
    tensors |= matrices("double_blocks_0_img_mlp_2", 2, 128, 32, alpha=8.0)

    found = lora.read(tensors).patches

    scales = {name: [patch.scale for patch in some] for name, some in found.items()}
    assert scales == {"double_blocks.0.img_mlp.0": [0.25], "double_blocks.0.img_mlp.2": [4.0]}


@pytest.mark.parametrize(
    ("layer", "name", "rows"),
    [
        ("final_layer_linear", "proj_out", 16),
        ("final_layer_adaLN_modulation_1", "norm_out.linear", 64),
    ],
)
def test_the_last_layers_alpha_counts(layer, name, rows):
    # diffusers drops it, and calls the layer `proj_out` without the prefix of all others.
    tensors = matrices(layer, 4, 32, rows, alpha=1.0)

    there = lora.to_tensors(lora.read(tensors), "diffusers")

    expected = 0.25 * tensors[f"lora_unet_{layer}.lora_up.weight"]
    if rows == 64:
        expected = expected.roll(32, dims=0)
    assert torch.equal(there[f"transformer.{name}.lora_B.weight"], expected)


def test_only_the_output_of_the_last_modulation_is_swapped():
    # diffusers swaps the halves of both matrices of control LoRAs; swap(BA) is swap(B) A.
    tensors = control_file()

    there = lora.to_tensors(lora.read(tensors), "diffusers")

    ours, theirs = "final_layer.adaLN_modulation.1.lora", "transformer.norm_out.linear.lora"
    assert torch.equal(there[f"{theirs}_A.weight"], tensors[f"{ours}_A.weight"])
    for kind in ("weight", "bias"):
        shift, scale = tensors[f"{ours}_B.{kind}"].chunk(2)
        assert torch.equal(there[f"{theirs}_B.{kind}"], torch.cat([scale, shift]))


@pytest.mark.parametrize("dim", [8, 24, 40])
def test_no_size_is_written_into_the_code(dim):
    # sd-scripts and diffusers know 3072, 12288, 19 and 38 only.
    tensors = lora_file("kohya", rank=1, dim=dim, depths=(1, 1))

    there = lora.to_tensors(lora.read(tensors), "diffusers")

    assert (
        there["transformer.single_transformer_blocks.0.proj_mlp.lora_B.weight"].shape[0] == 4 * dim
    )
    assert same(weight_changes(lora.read(there)), weight_changes(lora.read(tensors)))


@pytest.mark.parametrize("rank", [16, 32, 64])
def test_a_rank_that_the_parts_divide_does_not_make_blocks(rank):
    # mflux issue 458: every fourth of a dense linear1 was given to one of its four parts.
    tensors = matrices("single_blocks_0_linear1", rank, 32, 224)

    there = lora.to_tensors(lora.read(tensors), "diffusers")

    assert {t.shape[0] for key, t in there.items() if "lora_A" in key} == {rank}


def test_an_alpha_is_not_spread_from_some_layers_to_others():
    # diffusers gives the α of the layers that have one to the layers that have none.
    tensors = matrices("double_blocks_0_img_mlp_0", 3, 32, 128, alpha=1.0)
    tensors |= matrices("double_blocks_0_img_mlp_2", 3, 128, 32)

    there = lora.to_tensors(lora.read(tensors), "diffusers")

    alphas = {key: t.item() for key, t in there.items() if key.endswith(".alpha")}
    assert sorted(alphas.values()) == [1.0, 3.0]


def test_a_control_bias_is_scaled_with_the_rest():
    flux, control = tiny_flux(), lora.read(control_file())
    before = flux.img_in.bias.clone()

    lora.fuse(flux, replace(control, replaced={}), scale=0.5)

    torch.testing.assert_close(flux.img_in.bias - before, 0.5 * control.patches["img_in"][0].bias)


def test_a_lora_without_an_alpha_works_at_full_strength():
    found = lora.read(lora_file("xlabs", dim=FLUX.hidden_size))

    assert {patch.scale for layer in found.patches.values() for patch in layer} == {1.0}
