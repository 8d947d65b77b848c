"""What may be read as a text encoder, and what may not."""

import shutil

import pytest
import torch
from tiny_text import clip_config, t5_config
from transformers import CLIPTextModel, T5EncoderModel

from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.t5 import T5Encoder


def test_the_tokenizer_may_have_a_folder_of_its_own_as_in_the_flux_repositories(folder, tmp_path):
    for pattern, target in (("tokenizer*", "tokenizer_2"), ("*[gm]*.*s*", "text_encoder_2")):
        (tmp_path / target).mkdir()
        for file in (folder / "t5").glob(pattern):
            shutil.copy(file, tmp_path / target)

    apart = T5Encoder.from_folder(
        tmp_path / "text_encoder_2", tokenizer_path=tmp_path / "tokenizer_2"
    )

    assert torch.equal(apart(["red"]), T5Encoder.from_folder(folder / "t5")(["red"]))


def test_the_encoders_are_read_in_the_precision_asked_for_and_without_dropout(folder):
    encoder = T5Encoder.from_folder(folder / "t5", dtype=torch.bfloat16)

    assert encoder(["red"]).dtype == torch.bfloat16
    assert torch.equal(encoder(["red"]), encoder(["red"]))
    assert not any(p.requires_grad for p in encoder.model.parameters())


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere has no config.json \(nothing is there\)"):
        ClipEncoder.from_folder(tmp_path / "nowhere")


def test_pickled_weights_are_not_read(folder, tmp_path):
    shutil.copytree(folder / "clip", tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")

    with pytest.raises(FileNotFoundError, match="pickled .bin files are not read"):
        ClipEncoder.from_folder(tmp_path)


def test_a_folder_without_a_tokenizer_is_refused(folder, tmp_path):
    T5EncoderModel(t5_config()).save_pretrained(tmp_path)

    with pytest.raises(FileNotFoundError, match=r"has no tokenizer\*.*files of a T5Tokenizer"):
        T5Encoder.from_folder(tmp_path)


def test_a_tokenizer_that_cannot_be_read_gives_the_cure(folder, tmp_path):
    shutil.copytree(folder / "t5", tmp_path, dirs_exist_ok=True)
    (tmp_path / "tokenizer.json").rename(tmp_path / "spiece.model")

    with pytest.raises(ValueError, match="cannot be read .* pip install sentencepiece"):
        T5Encoder.from_folder(tmp_path)


def test_missing_weights_are_not_filled_with_random_ones(folder, tmp_path):
    shutil.copytree(folder / "clip", tmp_path, dirs_exist_ok=True)
    config = clip_config()
    config.num_hidden_layers = 3
    config.save_pretrained(tmp_path)

    with pytest.raises(ValueError, match="lacks 16 weights of CLIPTextModel"):
        ClipEncoder.from_folder(tmp_path)


def test_the_weights_of_another_model_are_refused(folder, tmp_path):
    shutil.copytree(folder / "t5", tmp_path, dirs_exist_ok=True)
    clip_config().save_pretrained(tmp_path)
    CLIPTextModel(clip_config(max_position_embeddings=8)).save_pretrained(tmp_path)

    with pytest.raises(ValueError, match="lacks .* weights of T5EncoderModel"):
        T5Encoder.from_folder(tmp_path)


def test_weights_of_other_sizes_are_refused(folder, tmp_path):
    shutil.copytree(folder / "t5", tmp_path, dirs_exist_ok=True)
    t5_config(d_model=32).save_pretrained(tmp_path)

    with pytest.raises(ValueError, match="do not fit T5EncoderModel"):
        T5Encoder.from_folder(tmp_path)
