"""A streamed model is the plain one, with one block and the next in memory."""

import mmap
import weakref

import pytest
import torch
from tiny_files import (
    FLOW_LAYOUTS,
    PUBLISHED,
    bfl_file,
    diffusers_folder,
    own_file,
    published_autoencoder,
    published_flux,
    write,
)
from tiny_models import tiny_conditioning, tiny_inputs

import fluxlearn as fl
from fluxlearn.checkpoints.checkpoint import Place, open_checkpoint
from fluxlearn.checkpoints.header import Stored
from fluxlearn.checkpoints.read import read_model
from fluxlearn.config import FluxConfig
from fluxlearn.lora.attach import attach
from fluxlearn.lora.patch import Lora, Patch
from fluxlearn.memory.around import blocks_of
from fluxlearn.memory.checkpointing import checkpointing
from fluxlearn.memory.streaming import streamed
from fluxlearn.model.flux import Flux
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record
from fluxlearn.trace.stop import stop_after


@pytest.fixture(scope="module")
def flux():
    torch.manual_seed(0)
    return published_flux()


@pytest.fixture
def mappings(monkeypatch):
    """The mappings that exist; each is there as long as a tensor shows it."""
    alive = weakref.WeakSet()

    class Watched(mmap.mmap):
        def __init__(self, *arguments, **options):
            alive.add(self)

    monkeypatch.setattr(mmap, "mmap", Watched)
    return alive


def size(module):
    return sum(p.nbytes for p in module.parameters() if not p.is_meta)


def same_velocity(flux, path, dtype=None):
    plain, _ = read_model(path, FluxConfig, Flux, dtype=dtype)
    inputs = {k: v.to(plain.img_in.weight.dtype) for k, v in tiny_inputs(PUBLISHED).items()}
    return torch.equal(streamed(path, dtype)(**inputs), plain(**inputs))


@pytest.mark.parametrize("layout", FLOW_LAYOUTS)
def test_the_velocity_is_the_plain_models_bit_for_bit(layout, flux, tmp_path):
    assert same_velocity(flux, FLOW_LAYOUTS[layout](tmp_path, flux))


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float8_e4m3fn])
def test_it_is_so_in_a_precision_that_is_not_the_files(stored, flux, tmp_path):
    file = bfl_file(tmp_path / "m.safetensors", flux, stored)

    assert same_velocity(flux, file, torch.float32) and same_velocity(flux, file, torch.bfloat16)


@pytest.mark.parametrize("length", [1, 9, 25, 41])
def test_it_is_so_wherever_in_a_page_the_weights_begin(length, flux, tmp_path):
    # Headers end at multiples of 8, so a longer one moves every weight.
    file = write(tmp_path / "m.safetensors", flux.state_dict(), {"note": "x" * length})

    assert same_velocity(flux, file)


@pytest.mark.parametrize("start", [0, 6, 7])
def test_a_tensor_is_mapped_from_where_its_numbers_can_be_used(start, tmp_path, mappings):
    values, file = torch.randn(5, 3).bfloat16(), tmp_path / "numbers"
    file.write_bytes(bytes(start) + values.view(torch.uint8).numpy().tobytes())
    stored = Stored(dtype=torch.bfloat16, shape=(5, 3), start=start, end=start + 30)

    tensor = Place(file=file, stored=stored).map()

    assert torch.equal(tensor, values)
    assert len(mappings) == (start % 2 == 0)


@pytest.mark.parametrize("shards", [1, 3])
def test_no_more_than_two_blocks_are_ever_in_memory(shards, flux, tmp_path, mappings):
    streaming = streamed(diffusers_folder(tmp_path, flux, shards))
    outside = size(streaming)
    largest = max(size(block) for block in blocks_of(flux))
    seen = []

    def measure(value, at):
        there = size(streaming) - outside
        seen.append(there)
        assert there <= largest
        # In one go, since another thread adds to them meanwhile.
        there = [pages for reference in list(mappings.data) if (pages := reference()) is not None]
        assert sum(map(len, there)) <= 2 * largest + len(there) * mmap.PAGESIZE
        return value

    with edit(streaming, {"*.resid_p*": measure}):
        streaming(**tiny_inputs(PUBLISHED))

    assert max(seen) == largest
    assert size(streaming) == outside < size(flux) / 10
    assert not mappings
    assert all(p.is_meta for block in blocks_of(streaming) for p in block.parameters())


def test_nothing_of_the_blocks_is_read_before_they_are_called(flux, tmp_path, mappings):
    streaming = streamed(bfl_file(tmp_path / "m.safetensors", flux))

    assert not mappings
    assert streaming.state_dict().keys() == flux.state_dict().keys()


@pytest.mark.parametrize("point", ["double.1.img.q", "stream", "single.0.attn.z"])
def test_a_call_that_is_left_leaves_no_weights_behind(point, flux, tmp_path, mappings):
    streaming, inputs = streamed(bfl_file(tmp_path / "m.safetensors", flux)), tiny_inputs(PUBLISHED)
    outside = size(streaming)

    with stop_after(streaming, point):
        streaming(**inputs)

    assert size(streaming) == outside
    assert torch.equal(streaming(**inputs), flux(**inputs))
    assert not mappings


def test_recorders_and_edits_work_as_ever(flux, tmp_path):
    streaming, inputs = streamed(bfl_file(tmp_path / "m.safetensors", flux)), tiny_inputs(PUBLISHED)
    halved = {"double.0.img.mod.gate1": lambda x, at: 0.5 * x, "single.1.bypass": True}

    with edit(flux, halved), record(flux, "*.resid_post") as expected:
        flux(**inputs)
    with edit(streaming, halved), record(streaming, "*.resid_post") as seen:
        streaming(**inputs)

    assert list(seen) == list(expected)
    assert all(torch.equal(seen[name], expected[name]) for name in expected)


def test_with_checkpointing_gradients_of_the_input_need_two_blocks_too(flux, tmp_path, mappings):
    streaming, inputs = streamed(bfl_file(tmp_path / "m.safetensors", flux)), tiny_inputs(PUBLISHED)
    gradients = []
    for model in (flux, streaming):
        img = inputs["img"].clone().requires_grad_(True)
        with checkpointing(model):
            velocity = model(**inputs | {"img": img})
        assert model is flux or not mappings
        velocity.square().sum().backward()
        gradients.append(img.grad)

    assert torch.equal(*gradients)
    assert not mappings


def test_a_file_that_became_shorter_is_an_error_not_a_crash(flux, tmp_path):
    file = bfl_file(tmp_path / "m.safetensors", flux)
    streaming = streamed(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    with pytest.raises(ValueError, match="became shorter after it was opened"):
        streaming(**tiny_inputs(PUBLISHED))


def test_what_is_written_to_a_mapped_tensor_does_not_reach_the_file(flux, tmp_path):
    checkpoint = open_checkpoint(bfl_file(tmp_path / "m.safetensors", flux)).mapped()
    checkpoint["img_in.weight"].zero_()

    assert torch.equal(checkpoint["img_in.weight"], flux.img_in.weight)


def test_load_streams_when_asked_and_paints_the_same_picture(flux, tmp_path):
    own_file(tmp_path / "ae.safetensors", published_autoencoder())
    file = bfl_file(tmp_path / "flux1-dev.safetensors", flux)
    prompt = tiny_conditioning(PUBLISHED)
    options = {"steps": 2, "height": 32, "width": 32}

    plain = fl.load(file, text=False).paint(prompt, **options)
    pipe = fl.load(file, text=False, stream=True)
    picture = pipe.paint(prompt, **options)

    assert all(p.is_meta for block in blocks_of(pipe.flux) for p in block.parameters())
    assert torch.equal(picture.pixels, plain.pixels)


def test_a_lora_is_refused_since_there_are_no_weights_to_change(flux, tmp_path):
    streaming = streamed(bfl_file(tmp_path / "m.safetensors", flux))
    patch = Patch(down=torch.ones(1, 128), up=torch.ones(128, 1), alpha=1.0)

    with pytest.raises(ValueError, match="Load it without stream=True"):
        attach(streaming, Lora(patches={"single_blocks.0.linear2": (patch,)}))
