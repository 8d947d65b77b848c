"""Text encoders of a few thousand random weights, saved in the real layout."""

import pytest
import torch
from tiny_text import clip_config, clip_tokenizer, t5_config, t5_tokenizer
from transformers import CLIPTextModel, T5EncoderModel

from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.text.t5 import T5Encoder


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("text")
    torch.manual_seed(0)
    CLIPTextModel(clip_config()).save_pretrained(path / "clip")
    clip_tokenizer().save_pretrained(path / "clip")
    T5EncoderModel(t5_config()).save_pretrained(path / "t5")
    t5_tokenizer(model_max_length=12).save_pretrained(path / "t5")
    return path


@pytest.fixture
def clip(folder):
    return ClipEncoder.from_folder(folder / "clip")


@pytest.fixture
def t5(folder):
    return T5Encoder.from_folder(folder / "t5")


@pytest.fixture
def encoders(folder):
    return TextEncoders.from_folder(folder)
