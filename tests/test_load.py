"""`fl.load`: a path in any layout becomes a pipeline, with its text encoders and its manners."""

import shutil
from dataclasses import replace

import pytest
import torch
from tiny_files import (
    PUBLISHED,
    all_in_one_file,
    bfl_file,
    diffusers_folder,
    own_file,
    published_autoencoder,
    published_flux,
)
from tiny_models import AUTOENCODER, tiny_conditioning
from tiny_text import clip_config, clip_tokenizer, t5_config, t5_tokenizer

import fluxlearn as fl
from fluxlearn.checkpoints import recognise
from fluxlearn.config import RELEASES


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """All that BFL and diffusers put into a repository, in their layout."""
    from transformers import CLIPTextModel, T5EncoderModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("repository")
    flux, autoencoder = published_flux(), published_autoencoder()
    bfl_file(folder / "flux1-schnell.safetensors", flux)
    own_file(folder / "ae.safetensors", autoencoder)
    diffusers_folder(folder / "transformer", flux, shards=3)
    diffusers_folder(folder / "vae", autoencoder)
    clip = CLIPTextModel(clip_config()).to(torch.float8_e4m3fn)
    clip.save_pretrained(folder / "text_encoder")
    clip_tokenizer().save_pretrained(folder / "tokenizer")
    t5 = T5EncoderModel(t5_config(d_model=PUBLISHED.context_in_dim))
    t5.save_pretrained(folder / "text_encoder_2", max_shard_size="5KB")
    t5_tokenizer().save_pretrained(folder / "tokenizer_2")
    return folder


def painted(pipe):
    """What a model paints for one and the same prompt."""
    torch.manual_seed(1)
    # A file's name decides about guidance, so that is said here.
    options = {"steps": 1, "guidance": 2.0, "height": 32, "width": 32}
    return pipe.paint(tiny_conditioning(PUBLISHED), **options).latents


def test_a_repository_on_disk_is_loaded_with_its_text_encoders(repository):
    pipe = fl.load(repository, dtype=torch.float32)

    conditioning = pipe.text("red")
    # The length is the flow model's: this file is called as schnell's is.
    assert conditioning.txt.shape == (1, RELEASES["flux-schnell"].text_length, 20)
    assert conditioning.pooled.shape == (1, 16)
    assert pipe.autoencoder.config == AUTOENCODER
    picture = pipe.paint("red", steps=1, height=32, width=32)
    assert torch.isfinite(picture.pixels).all()


def test_text_encoders_in_eight_bits_or_several_files_are_read(repository):
    assert len(list((repository / "text_encoder_2").glob("*.safetensors"))) > 1

    text = fl.load(repository, dtype=torch.bfloat16).text

    assert text("red").txt.dtype == text("red").pooled.dtype == torch.bfloat16
    assert torch.isfinite(text("red").pooled).all()


@pytest.mark.parametrize(
    "place", ["flux1-schnell.safetensors", "transformer", "transformer/{index}", "."]
)
def test_a_file_or_a_folder_of_a_repository_finds_the_rest_beside_it(place, repository):
    index = "diffusion_pytorch_model.safetensors.index.json"

    pipe = fl.load(repository / place.format(index=index), text=False)

    torch.testing.assert_close(painted(pipe), painted(fl.load(repository, text=False)))


def test_a_folder_of_diffusers_alone_is_a_pipeline(repository, tmp_path):
    for part in ("transformer", "vae"):
        shutil.copytree(repository / part, tmp_path / part)

    pipe = fl.load(tmp_path, text=False)

    torch.testing.assert_close(painted(pipe), painted(fl.load(repository, text=False)))


def test_the_rest_may_lie_elsewhere(repository, tmp_path):
    file = bfl_file(tmp_path / "lone.safetensors", published_flux())

    pipe = fl.load(file, rest=repository, text=False)

    assert pipe.autoencoder.config == AUTOENCODER


@pytest.mark.parametrize(
    ("changes", "name", "steps", "kind"),
    [
        ({"guidance_embed": False}, "flux-schnell", 4, "none"),
        ({"in_channels": 64}, "flux-dev", 50, "embedded"),
        ({"in_channels": 384}, "flux-fill", 50, "embedded"),
        ({"in_channels": 128}, "flux-canny", 50, "embedded"),
    ],
)
def test_a_file_without_manners_is_sampled_as_the_model_it_is_like(
    changes, name, steps, kind, tmp_path
):
    own_file(tmp_path / "ae.safetensors", published_autoencoder())
    file = bfl_file(tmp_path / "m.safetensors", published_flux(replace(PUBLISHED, **changes)))

    defaults = fl.load(file, text=False).defaults

    assert (defaults.name, defaults.steps, defaults.guidance_by) == (name, steps, kind)


def test_the_files_own_precision_is_kept_unless_another_is_asked_for(tmp_path):
    own_file(tmp_path / "ae.safetensors", published_autoencoder())
    file = bfl_file(tmp_path / "m.safetensors", published_flux(), torch.bfloat16)

    def dtype(pipe):
        return pipe.flux.img_in.weight.dtype

    assert dtype(fl.load(file, text=False)) == torch.bfloat16
    assert dtype(fl.load(file, text=False, dtype=torch.float16)) == torch.float16
    assert dtype(fl.load("toy-dev", text=False)) == torch.float32


def test_an_all_in_one_file_needs_no_autoencoder_beside_it(tmp_path, monkeypatch):
    # The sizes of its autoencoder are not in the file: they are FLUX.1's, and here a tiny one's.
    monkeypatch.setattr(recognise, "FLUX_AUTOENCODER", AUTOENCODER)
    file = all_in_one_file(tmp_path / "m.safetensors", published_flux(), published_autoencoder())

    pipe = fl.load(file, text=False)

    assert torch.isfinite(pipe.decode(torch.zeros(1, 4, 16), 32, 32)).all()
