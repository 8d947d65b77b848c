"""Converting files: there, back, and into what diffusers itself loads."""

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_files import (
    FLOW_LAYOUTS,
    PUBLISHED,
    bfl_file,
    diffusers_folder,
    own_file,
    published_autoencoder,
    published_flux,
)
from tiny_models import tiny_inputs
from typer.testing import CliRunner

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.convert import convert
from fluxlearn.checkpoints.read import read_model
from fluxlearn.checkpoints.shards import divide
from fluxlearn.cli.app import app
from fluxlearn.cli.convert import parse_size
from fluxlearn.config import AutoencoderConfig, FluxConfig
from fluxlearn.model.flux import Flux

MODELS = {
    "flow model": (published_flux, FluxConfig, Flux),
    "autoencoder": (published_autoencoder, AutoencoderConfig, AutoEncoder),
}
over_models = pytest.mark.parametrize(("make", "config", "model"), MODELS.values(), ids=MODELS)


def same_weights(some, others):
    ours, theirs = some.state_dict(), others.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


@over_models
def test_to_diffusers_and_back_is_the_same_model(make, config, model, tmp_path):
    original = make()
    file = own_file(tmp_path / "m.safetensors", original)

    folder = convert(file, tmp_path / "theirs")
    back = convert(folder, tmp_path / "back.safetensors")

    loaded, _ = read_model(back, config, model)
    assert loaded.config == original.config
    assert same_weights(loaded, original)


@pytest.mark.reference
@over_models
def test_diffusers_itself_loads_what_is_written(make, config, model, tmp_path):
    diffusers = pytest.importorskip("diffusers", reason="loads what was converted")
    theirs = {Flux: "FluxTransformer2DModel", AutoEncoder: "AutoencoderKL"}[model]
    original = make()

    folder = convert(own_file(tmp_path / "m.safetensors", original), tmp_path / "theirs")
    twin = getattr(diffusers, theirs).from_pretrained(folder)

    back = convert(folder, tmp_path / "back.safetensors")
    twin.save_pretrained(tmp_path / "saved")
    again = convert(tmp_path / "saved", tmp_path / "again.safetensors")
    assert same_weights(read_model(back, config, model)[0], original)
    assert same_weights(read_model(again, config, model)[0], original)


@pytest.mark.reference
def test_what_diffusers_loads_computes_the_same(tmp_path):
    diffusers = pytest.importorskip("diffusers", reason="loads what was converted")
    from twins import their_arguments

    ours, inputs = published_flux(), tiny_inputs(PUBLISHED)
    folder = convert(bfl_file(tmp_path / "m.safetensors", ours), tmp_path / "theirs")

    theirs = diffusers.FluxTransformer2DModel.from_pretrained(folder).eval()

    velocity = theirs(**their_arguments(inputs))[0]
    # Two float32 programs that sum in different orders.
    torch.testing.assert_close(velocity, ours(**inputs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("layout", ["in fp8", "in fp8 with a scale", "in three files"])
def test_every_layout_is_converted(layout, tmp_path):
    flux = published_flux()
    source = FLOW_LAYOUTS[layout](tmp_path / "source", flux)
    target = tmp_path / ("out.safetensors" if "files" in layout else "out")

    convert(source, target)

    assert same_weights(read_model(target, FluxConfig, Flux)[0], flux)


def test_a_dtype_and_the_first_blocks_can_be_asked_for(tmp_path):
    source = bfl_file(tmp_path / "m.safetensors", published_flux())

    folder = convert(source, tmp_path / "small", dtype=torch.bfloat16, blocks=(1, 0))

    loaded, _ = read_model(folder, FluxConfig, Flux, dtype=None)
    assert (loaded.config.depth, loaded.config.depth_single_blocks) == (1, 0)
    assert loaded.img_in.weight.dtype == torch.bfloat16


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(0, 20), max_size=12), limit=st.integers(1, 30))
def test_tensors_are_divided_in_order_and_no_file_is_too_large(sizes, limit):
    named = {str(i): size for i, size in enumerate(sizes)}

    parts = divide(named, limit)

    assert [name for part in parts for name in part] == list(named)
    assert all(len(part) == 1 or sum(named[k] for k in part) <= limit for part in parts if part)
    # Not one file more than is needed: none could have held the first tensor of the next.
    pairs = zip(parts, parts[1:], strict=False)
    assert all(sum(named[k] for k in part) + named[after[0]] > limit for part, after in pairs)
    assert divide(named, None) == [list(named)]


@pytest.mark.reference
def test_diffusers_itself_loads_a_folder_of_several_files(tmp_path):
    diffusers = pytest.importorskip("diffusers", reason="loads what was converted")
    source = own_file(tmp_path / "m.safetensors", published_flux())
    one = convert(source, tmp_path / "one")

    several = convert(source, tmp_path / "several", shard_size=3_000_000)

    sizes = [file.stat().st_size for file in several.glob("*.safetensors")]
    # The headers come on top of the tensors.
    assert len(sizes) > 2 and max(sizes) < 3_100_000
    kind = diffusers.FluxTransformer2DModel
    assert same_weights(kind.from_pretrained(several), kind.from_pretrained(one))
    assert same_weights(*(read_model(place, FluxConfig, Flux)[0] for place in (one, several)))


@pytest.mark.parametrize(
    ("text", "size"), [("10GB", 10**10), ("500 MB", 5 * 10**8), ("1.5k", 1500), ("7", 7)]
)
def test_a_size_may_be_said_in_usual_units(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1TB", "ten"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="such as 10GB or 500MB"):
        parse_size(text)


def interrupted(*_):
    raise KeyboardInterrupt


def test_an_interrupted_conversion_leaves_the_old_file(tmp_path, monkeypatch):
    folder = diffusers_folder(tmp_path / "theirs", published_flux())
    target = convert(folder, tmp_path / "m.safetensors")
    before = target.read_bytes()
    monkeypatch.setattr("fluxlearn.checkpoints.checkpoint.Place.read", interrupted)

    with pytest.raises(KeyboardInterrupt):
        convert(folder, target)

    assert target.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["m.safetensors", "theirs"]


def test_an_interrupted_conversion_leaves_no_folder(tmp_path, monkeypatch):
    file = bfl_file(tmp_path / "m.safetensors", published_flux())
    monkeypatch.setattr("fluxlearn.checkpoints.checkpoint.Place.read", interrupted)

    with pytest.raises(KeyboardInterrupt):
        convert(file, tmp_path / "theirs")

    assert os.listdir(tmp_path) == ["m.safetensors"]


def test_the_command_says_where_it_wrote(tmp_path):
    source = bfl_file(tmp_path / "m.safetensors", published_flux())
    target = tmp_path / "theirs"

    options = ["--out", str(target), "--dtype", "bfloat16", "--depth", "1"]
    result = CliRunner().invoke(app, ["convert", str(source), *options])

    assert result.output == f"{target}\n"
    loaded, _ = read_model(target, FluxConfig, Flux, dtype=None)
    assert loaded.config.depth == 1 and loaded.img_in.weight.dtype == torch.bfloat16


def test_the_command_knows_which_dtypes_there_are(tmp_path):
    result = CliRunner().invoke(app, ["convert", "x", "--out", "y", "--dtype", "float8"])

    assert result.exit_code == 2
    assert "dtype is 'float8', but there are float32, bfloat16, float16" in result.stderr
