"""Weights in eight bits: what they lose, what stays, and that files hold the same."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from memory.steps import some_inputs
from tiny_models import FLUX, tiny_flux

from fluxlearn.checkpoints.fp8 import descale
from fluxlearn.checkpoints.read import read_model
from fluxlearn.checkpoints.safe import save_weights
from fluxlearn.config import FluxConfig
from fluxlearn.memory.fp8 import WAYS, Fp8Linear, store_in_fp8, to_fp8
from fluxlearn.model.flux import Flux

# The table of the module: σ → way → error in percent.
TABLE = {
    0.02: {"plain": 3.3, "tensor": 2.6, "row": 2.6, "block": 2.6},
    0.005: {"plain": 11, "tensor": 2.6, "row": 2.6, "block": 2.6},
    0.001: {"plain": 56, "tensor": 2.6, "row": 2.6, "block": 2.6},
}


def back(weight, way):
    eight, scale = to_fp8(weight, way)
    return descale(eight, torch.ones(()) if scale is None else scale).float()


def error(weight, way):
    return ((back(weight, way) - weight).norm() / weight.norm()).item()


@pytest.mark.parametrize("sigma", TABLE)
@pytest.mark.parametrize("way", WAYS)
def test_random_weights_lose_what_the_table_says(sigma, way):
    weight = sigma * torch.randn(512, 512)

    assert 100 * error(weight, way) == pytest.approx(TABLE[sigma][way], rel=0.05)


@given(exponent=st.integers(-40, 40), way=st.sampled_from(["tensor", "row", "block"]))
@settings(max_examples=20)
def test_scaled_weights_lose_the_same_whatever_their_size(exponent, way):
    weight = torch.randn(8, 128, generator=torch.Generator().manual_seed(0))

    # A power of two moves no digit.
    assert torch.equal(back(2.0**exponent * weight, way), 2.0**exponent * back(weight, way))


@pytest.mark.parametrize(("way", "shape"), [("tensor", ()), ("row", (6, 1)), ("block", (6, 2, 1))])
def test_each_scale_reaches_the_largest_number_of_what_it_belongs_to(way, shape):
    eight, scale = to_fp8(torch.randn(6, 128), way)

    assert scale.shape == shape
    parts = eight.float().reshape(*(shape or (1,)), -1).abs()
    assert (parts.flatten(len(shape) - 1 if shape else 0).amax(-1) == 448).all()


def test_one_large_weight_spoils_its_matrix_its_row_or_its_block():
    weight = 0.001 * torch.randn(64, 256)
    weight[5, 7] = 200.0
    others = torch.ones_like(weight, dtype=torch.bool)
    others[5, :64] = False

    errors = {way: ((back(weight, way) - weight)[others].norm()).item() for way in WAYS}

    assert errors["block"] < errors["row"] < errors["tensor"]


def test_rows_that_64_does_not_divide_get_one_scale():
    weight = torch.randn(4, 96)

    assert to_fp8(weight, "block")[1].shape == (4, 1)
    assert torch.equal(back(weight, "block"), back(weight, "row"))


@pytest.mark.parametrize("way", WAYS)
def test_zeros_and_numbers_beyond_the_largest_come_back_finite(way):
    weight = torch.tensor([[0.0, 0.0], [1000.0, -1.0]])

    found = back(weight, way)

    assert torch.isfinite(found).all()
    assert (found[0] == 0).all()
    assert found[1, 0] == (448 if way == "plain" else 1000)


@pytest.mark.parametrize("way", WAYS)
def test_only_the_matrices_of_the_blocks_are_stored_so(way):
    flux = tiny_flux()
    store_in_fp8(flux, way)

    eight = {n for n, p in flux.named_parameters() if p.dtype == torch.float8_e4m3fn}
    matrices = {n for n, p in tiny_flux().named_parameters() if "blocks." in n and p.ndim == 2}
    assert eight == matrices
    assert {p.dtype for n, p in flux.named_parameters() if n not in eight} == {torch.float32}


@pytest.mark.parametrize("way", WAYS)
def test_the_velocity_is_that_of_the_rounded_weights(way):
    flux, rounded, inputs = tiny_flux(), tiny_flux(), some_inputs()
    rounded.load_state_dict(flux.state_dict())
    with torch.no_grad():
        for name, weight in rounded.named_parameters():
            if "blocks." in name and weight.ndim == 2:
                weight.copy_(back(weight, way))

    store_in_fp8(flux, way)

    assert torch.equal(flux(**inputs), rounded(**inputs))


@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_the_stored_model_is_read_with_the_same_values(way, tmp_path):
    flux, file = tiny_flux().bfloat16(), tmp_path / "m.safetensors"
    store_in_fp8(flux, way)
    save_weights(flux, file, FLUX)

    loaded, _ = read_model(file, FluxConfig, Flux, dtype=None)

    layers = [(n, m) for n, m in flux.named_modules() if isinstance(m, Fp8Linear)]
    assert layers
    assert all(torch.equal(loaded.get_parameter(f"{n}.weight"), m.wide()) for n, m in layers)


def test_half_of_the_bytes_are_saved():
    flux = tiny_flux().bfloat16()
    before = sum(p.nbytes for n, p in flux.named_parameters() if "blocks." in n and p.ndim == 2)

    store_in_fp8(flux, "plain")

    after = [m.weight.nbytes for m in flux.modules() if isinstance(m, Fp8Linear)]
    assert sum(after) * 2 == before


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: store_in_fp8(tiny_flux(), "column"), "way is 'column', but there are plain"),
        (lambda: to_fp8(torch.ones(2, 2), "int4"), "way is 'int4'"),
        (lambda: store_in_fp8(tiny_flux().requires_grad_(True)), "img_in.weight is trained"),
    ],
)
def test_what_cannot_be_stored_so_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
