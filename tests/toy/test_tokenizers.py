"""The toy's tokenizers: each caption fits, word by word."""

import itertools

import numpy as np
import pytest
from transformers import CLIPTokenizer, T5Tokenizer

from fluxlearn.toy.captions import describe
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.scene import SPLITS
from fluxlearn.toy.tokenizers import (
    CLIP_LENGTH,
    T5_LENGTH,
    clip_tokenizer,
    sample_captions,
    sample_instructions,
    save_pair,
    t5_tokenizer,
)
from fluxlearn.toy.train_t5 import vocabulary_texts

LONGEST = (
    "a picture of a large orange triangle to the left of a small yellow square "
    "on a white background"
)


@pytest.fixture(scope="module")
def t5():
    return t5_tokenizer(vocabulary_texts(0))


@pytest.fixture(scope="module")
def clip():
    return clip_tokenizer(sample_captions(0))


def captions(split, count=500):
    rng = np.random.default_rng(1)
    return [describe(scene, rng).text for scene in itertools.islice(scenes(rng, split), count)]


@pytest.mark.parametrize("split", SPLITS)
def test_every_caption_fits_and_is_known(t5, clip, split):
    rows = t5(captions(split)).input_ids

    assert max(map(len, rows)) <= T5_LENGTH
    assert not any(t5.unk_token_id in row for row in rows)
    assert max(map(len, clip(captions(split)).input_ids)) <= CLIP_LENGTH


def test_the_longest_caption_fills_t5_to_the_last_token(t5, clip):
    assert len(t5(LONGEST).input_ids) == T5_LENGTH
    assert len(clip(LONGEST).input_ids) == T5_LENGTH + 1


def test_each_word_of_a_caption_is_one_token(t5, clip):
    words = LONGEST.split()

    assert t5.tokenize(LONGEST) == ["▁" + word for word in words]
    assert clip.tokenize(LONGEST) == [word + "</w>" for word in words]


def test_punctuation_is_a_token_of_its_own(t5, clip):
    text = "on a white background, a circle"

    assert t5.tokenize(text)[3:5] == ["▁background", ","]
    assert clip.tokenize(text)[3:5] == ["background</w>", ",</w>"]


def test_instructions_are_known_to_t5(t5):
    assert not any(t5.unk_token_id in row for row in t5(sample_instructions(1)).input_ids)


def test_t5_has_no_pieces_for_other_words_and_clip_spells_them(t5, clip):
    assert t5.tokenize("zebra") == ["▁zebra"] and t5("zebra").input_ids[0] == t5.unk_token_id
    assert clip.tokenize("ozbé")[0] == "o"
    assert clip.decode(clip("ozbé ☂").input_ids, skip_special_tokens=True) == "ozbé ☂"


def test_the_special_tokens_stand_where_the_real_ones_do(t5, clip):
    assert (t5.pad_token_id, t5.eos_token_id, t5.unk_token_id) == (0, 1, 2)
    assert t5.convert_tokens_to_ids("<extra_id_0>") == len(t5) - 1
    assert (clip.bos_token_id, clip.eos_token_id) == (len(clip) - 2, len(clip) - 1)
    assert clip.pad_token_id == clip.eos_token_id


def test_the_same_texts_give_the_same_tokenizers(t5, clip):
    assert t5_tokenizer(vocabulary_texts(0)).get_vocab() == t5.get_vocab()
    assert clip_tokenizer(sample_captions(0)[::-1]).get_vocab() == clip.get_vocab()


@pytest.mark.parametrize(("name", "kind"), [("t5", T5Tokenizer), ("clip", CLIPTokenizer)])
def test_a_saved_tokenizer_splits_alike_and_forgets_its_last_use(request, tmp_path, name, kind):
    tokenizer = request.getfixturevalue(name)
    tokenizer(LONGEST, padding="max_length", truncation=True, max_length=6)

    # The tokenizer stands in for the model, of which only save_pretrained is used.
    save_pair(tokenizer, tokenizer, tmp_path / "saved")
    loaded = kind.from_pretrained(tmp_path / "saved")

    assert loaded(LONGEST).input_ids == tokenizer(LONGEST).input_ids
    assert loaded.backend_tokenizer.truncation is None
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
