"""A model is read from every layout, with the same weights, and from no more bytes than needed."""

import weakref
from pathlib import Path
from pickle import dumps

import pytest
import torch
from tiny_files import (
    FLOW_LAYOUTS,
    PUBLISHED,
    all_in_one_file,
    bfl_file,
    diffusers_folder,
    own_file,
    published_autoencoder,
    published_flux,
    write,
)
from tiny_models import AUTOENCODER, FLUX, tiny_flux, tiny_inputs

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.checkpoint import Place, open_checkpoint
from fluxlearn.checkpoints.read import read_model
from fluxlearn.checkpoints.recognise import recognise
from fluxlearn.config import FLUX_AUTOENCODER, PRESETS, AutoencoderConfig, FluxConfig
from fluxlearn.model.flux import Flux


@pytest.fixture(scope="module")
def flux():
    torch.manual_seed(0)
    return published_flux()


@pytest.fixture
def reads(monkeypatch):
    """The bytes of every tensor that is read."""
    counted, read = [], Place.read

    def counting(place):
        counted.append(place.stored.end - place.stored.start)
        return read(place)

    monkeypatch.setattr(Place, "read", counting)
    return counted


def read(path, **options):
    return read_model(path, FluxConfig, Flux, **options)[0]


def same_weights(some, others):
    ours, theirs = some.state_dict(), others.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


@pytest.mark.parametrize("layout", FLOW_LAYOUTS)
def test_every_layout_gives_the_same_model(layout, flux, tmp_path):
    loaded = read(FLOW_LAYOUTS[layout](tmp_path, flux))

    assert loaded.config == PUBLISHED
    assert same_weights(loaded, flux)
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())


@pytest.mark.parametrize("shards", [1, 2])
def test_an_autoencoder_is_read_from_a_folder_of_diffusers(shards, tmp_path):
    autoencoder = published_autoencoder()
    folder = diffusers_folder(tmp_path / "vae", autoencoder, shards)

    loaded, _ = read_model(folder, AutoencoderConfig, AutoEncoder)

    assert loaded.config == AUTOENCODER
    assert same_weights(loaded, autoencoder)


def test_an_all_in_one_file_has_an_autoencoder_too(flux, tmp_path):
    file = all_in_one_file(tmp_path / "m.safetensors", flux, published_autoencoder())

    found = recognise(open_checkpoint(file), AutoencoderConfig)

    # Its sizes are not in the file, so they are taken to be FLUX.1's.
    assert found.config == FLUX_AUTOENCODER and found.names == "bfl"
    assert set(found.checkpoint) == set(published_autoencoder().state_dict())


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (torch.float32, torch.float32),
        (torch.float16, torch.float16),
        (torch.bfloat16, torch.bfloat16),
        (torch.float8_e4m3fn, torch.bfloat16),
    ],
)
def test_without_a_dtype_the_files_own_is_kept_and_fp8_becomes_bf16(stored, expected, tmp_path):
    file = bfl_file(tmp_path / "m.safetensors", published_flux(), stored)

    assert {p.dtype for p in read(file, dtype=None).parameters()} == {expected}


@pytest.mark.parametrize("layout", ["BFL's file", "in fp8 with a scale", "in three files"])
def test_the_first_blocks_are_those_of_the_whole_model(layout, flux, tmp_path):
    part = read(FLOW_LAYOUTS[layout](tmp_path, flux), blocks=(1, 2))

    whole = flux.state_dict()
    assert (part.config.depth, part.config.depth_single_blocks) == (1, 2)
    assert all(torch.equal(tensor, whole[name]) for name, tensor in part.state_dict().items())
    assert torch.isfinite(part(**tiny_inputs(part.config))).all()


@pytest.mark.parametrize("layout", ["BFL's file", "in three files"])
def test_only_the_bytes_of_the_first_blocks_are_read(layout, flux, tmp_path, reads):
    path = FLOW_LAYOUTS[layout](tmp_path, flux)

    part = read(path, blocks=(1, 0))

    assert sum(reads) == sum(4 * p.numel() for p in part.parameters())


def test_two_and_two_blocks_of_flux_dev_are_two_of_its_24_gigabytes():
    # The arithmetic of `depth=2, depth_single_blocks=2` at full size, from shapes alone.
    with torch.device("meta"):
        dev = Flux(PRESETS["flux-dev"])
    kept = [n for n in dev.state_dict() if not n.startswith(("double_blocks", "single_blocks"))]
    kept += [n for n in dev.state_dict() if n.split(".")[:2][1:] in (["0"], ["1"])]
    part = {n: dev.state_dict()[n].numel() for n in set(kept)}

    assert 1.9e9 < 2 * sum(part.values()) < 2.2e9


def test_a_mismatch_is_found_before_anything_is_read(flux, tmp_path, reads):
    file = bfl_file(tmp_path / "m.safetensors", flux)
    state = {k: v for k, v in flux.state_dict().items() if k != "img_in.bias"}
    write(file, state)

    with pytest.raises(ValueError, match=r"img_in\.bias is missing"):
        read(file)
    assert not reads


def test_only_the_tensor_that_is_being_cast_is_in_memory_twice(flux, tmp_path, monkeypatch):
    file = bfl_file(tmp_path / "m.safetensors", flux, torch.bfloat16)
    raw, most = [], 0
    original = Place.read

    def watching(place):
        nonlocal most
        tensor = original(place)
        raw.append(weakref.ref(tensor))
        most = max(most, sum(ref() is not None for ref in raw))
        return tensor

    monkeypatch.setattr(Place, "read", watching)
    read(file, dtype=torch.float32)

    assert most == 1


@pytest.mark.parametrize("save", [torch.save, lambda value, file: file.write_bytes(dumps(value))])
def test_a_pickle_in_disguise_is_not_executed(save, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "executed",)

    save({"img_in.weight": Trap()}, tmp_path / "m.safetensors")

    with pytest.raises(ValueError, match="never opened"):
        read(tmp_path / "m.safetensors")
    assert not (tmp_path / "executed").exists()


def test_the_config_of_our_own_file_is_not_guessed(tmp_path):
    flux = tiny_flux(FLUX)

    assert read(own_file(tmp_path / "m.safetensors", flux)).config == FLUX
