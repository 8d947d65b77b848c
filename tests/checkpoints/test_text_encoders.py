"""Text encoders in single files, in the precisions in which they are found in the world."""

import pytest
import torch
from safetensors.torch import load_file
from tiny_files import (
    FP8,
    bfl_file,
    own_file,
    published_autoencoder,
    published_flux,
    rounded,
    write,
)
from tiny_models import FLUX
from tiny_text import clip_config, clip_tokenizer, t5_config, t5_tokenizer
from transformers import CLIPTextModel, T5EncoderModel

import fluxlearn as fl
from fluxlearn.checkpoints import hub
from fluxlearn.checkpoints.text_encoders import read_clip, read_t5
from fluxlearn.config import RELEASES
from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.t5 import T5Encoder

NAMES = ("clip_l.safetensors", "t5xxl_fp16.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Both encoders in transformers' layout, in numbers that fp8 can hold."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("whole")
    # One head of 64 channels, as every CLIP has them.
    config = clip_config()
    config.hidden_size, config.num_attention_heads = 64, 1
    rounded(CLIPTextModel(config)).save_pretrained(folder / "clip")
    clip_tokenizer().save_pretrained(folder / "clip")
    rounded(T5EncoderModel(t5_config(d_model=FLUX.context_in_dim))).save_pretrained(folder / "t5")
    t5_tokenizer().save_pretrained(folder / "t5")
    return folder


def scaled(tensors):
    """Every matrix in fp8 with a scale of 1/8."""
    eighth = torch.tensor(0.125)
    small = {k: (v / eighth).to(FP8) if v.ndim == 2 else v for k, v in tensors.items()}
    scales = {k: eighth for k, v in tensors.items() if v.ndim == 2}
    return small | {k.removesuffix("weight") + "scale_weight": v for k, v in scales.items()}


def in_one_file(tensors):
    """As in a file of a whole pipeline."""
    inside = {f"text_encoders.some.transformer.{k}": v for k, v in tensors.items()}
    return inside | {"text_encoders.some.logit_scale": torch.ones(())}


FORMS = {
    "float32": lambda tensors: tensors,
    "bfloat16": lambda tensors: {k: v.bfloat16() for k, v in tensors.items()},
    "float16": lambda tensors: {k: v.half() for k, v in tensors.items()},
    "fp8": lambda tensors: {k: v.to(FP8) for k, v in tensors.items()},
    "fp8 with a scale": scaled,
    "behind a prefix": in_one_file,
}


def loose_files(folder, whole, form="float32"):
    """The weights alone, as single files in one folder."""
    clip, t5 = (load_file(whole / place / "model.safetensors") for place in ("clip", "t5"))
    # As it is published; transformers has dropped the first word since.
    clip = {f"text_model.{k.removeprefix('text_model.')}": v for k, v in clip.items()}
    for name, tensors in zip(NAMES, (clip, t5), strict=True):
        write(folder / name, FORMS[form](tensors))
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_any_precision_is_the_encoder_that_it_was_made_of(form, whole, tmp_path):
    loose_files(tmp_path, whole, form)

    clip = read_clip(tmp_path / NAMES[0], whole / "clip", torch.float32)
    t5 = read_t5(tmp_path / NAMES[1], whole / "t5", torch.float32, length=12)

    assert torch.equal(clip(["red"]), ClipEncoder.from_folder(whole / "clip")(["red"]))
    assert torch.equal(t5(["red"]), T5Encoder.from_folder(whole / "t5", length=12)(["red"]))


def test_a_file_that_transformers_saved_is_read_as_well(whole):
    encoder = read_clip(whole / "clip" / "model.safetensors", whole / "clip", torch.float32)

    assert torch.equal(encoder(["red"]), ClipEncoder.from_folder(whole / "clip")(["red"]))


def model(folder):
    """A flow model beside its autoencoder."""
    own_file(folder / "ae.safetensors", published_autoencoder())
    return bfl_file(folder / "flux1-schnell.safetensors", published_flux())


@pytest.mark.parametrize("how", ["folder", "files"])
def test_a_pipeline_takes_its_text_encoders_from_elsewhere(how, whole, tmp_path, monkeypatch):
    file, folder = model(tmp_path / "model"), loose_files(tmp_path / "text", whole)
    for name, place in (("tokenizer", "clip"), ("tokenizer_2", "t5")):
        (tmp_path / "hub" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "hub" / name).symlink_to(whole / place)
    asked = []
    monkeypatch.setattr(hub, "fetch", lambda *what: asked.append(what) or tmp_path / "hub")

    text = folder if how == "folder" else tuple(folder / name for name in NAMES)
    pipe = fl.load(file, text=text, dtype=torch.bfloat16)

    told = pipe.text("red")
    release = RELEASES["flux-schnell"]
    assert told.txt.shape == (1, release.text_length, FLUX.context_in_dim)
    assert told.txt.dtype == told.pooled.dtype == torch.bfloat16
    assert asked == [(release.repo, ("tokenizer/*", "tokenizer_2/*"))]


def test_tokenizers_beside_the_files_are_taken(whole, tmp_path):
    file, folder = model(tmp_path / "model"), loose_files(tmp_path / "text", whole)
    (folder / "tokenizer").symlink_to(whole / "clip")
    (folder / "tokenizer_2").symlink_to(whole / "t5")

    assert torch.isfinite(fl.load(file, text=folder).text("red").pooled).all()


@pytest.mark.parametrize(("read", "other"), [(read_clip, "t5"), (read_t5, "clip")])
def test_the_file_of_the_other_encoder_is_refused(read, other, whole, tmp_path):
    own = "clip" if other == "t5" else "t5"

    with pytest.raises(ValueError, match="Is it the right file?"):
        read(whole / other / "model.safetensors", whole / own, torch.float32)


@pytest.mark.parametrize(
    "lost", ["encoder.block.1.layer.0.SelfAttention.k.weight", "shared.weight"]
)
def test_a_file_that_lacks_a_weight_is_refused(lost, whole, tmp_path):
    tensors = load_file(whole / "t5" / "model.safetensors")
    del tensors[lost]
    file = write(tmp_path / "t5.safetensors", tensors)

    with pytest.raises(ValueError, match="lacks 1 weights|a matrix is expected"):
        read_t5(file, whole / "t5", torch.float32)


def test_several_files_of_one_kind_are_not_guessed_from(whole, tmp_path):
    folder = loose_files(tmp_path / "text", whole)
    (folder / "t5xxl_fp8_e4m3fn.safetensors").touch()

    with pytest.raises(ValueError, match=r"t5xxl_fp16.*t5xxl_fp8_e4m3fn.*text=\(clip, t5\)"):
        fl.load(model(tmp_path / "model"), text=folder)
