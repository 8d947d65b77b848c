"""Labels: each word has the tokens that spell it, and each token has its region."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_text import t5_tokenizer
from transformers import T5Tokenizer

from fluxlearn.text.labels import label

PROMPT = "a red circle left of a blue square"
PIECES = ("a", "red", "sky", "t")


@cache
def speller():
    """A tokenizer that knows few words and spells the others."""
    letters = "abcdefghijklmnopqrstuvwxyz-',"
    pieces = ["<pad>", "</s>", "<unk>", "▁", *("▁" + word for word in PIECES), "scrap", *letters]
    return T5Tokenizer(vocab=[(piece, -float(len(piece) < 2)) for piece in pieces], extra_ids=0)


@pytest.fixture(scope="module")
def labels():
    return label(t5_tokenizer(), PROMPT, 12)


def test_every_token_has_a_label(labels):
    expected = [f"▁{word}" for word in PROMPT.split()] + ["</s>", "<pad>", "<pad>", "<pad>"]

    assert list(labels.pieces) == expected


def test_a_word_is_found_where_its_token_stands(labels):
    assert (labels.find("red"), labels.find("square")) == ((1,), (7,))


def test_words_that_follow_one_another_are_found_together(labels):
    assert labels.find("blue square") == (6, 7)


def test_capitals_do_not_matter():
    tokenizer = t5_tokenizer()

    assert label(tokenizer, "a red circle", 12).find("RED") == (1,)


def test_a_word_that_occurs_twice_is_found_by_its_number(labels):
    assert (labels.find("a#1"), labels.find("a#2")) == ((0,), (5,))


def test_a_word_that_occurs_twice_is_not_guessed(labels):
    with pytest.raises(ValueError, match="'a' occurs 2 times .* Say 'a#1' or 'a#2'"):
        labels.find("a")


@pytest.mark.parametrize("name", ["green", "red#2", "red circle#2", "red square", "a#0", "", "#1"])
def test_a_word_that_is_not_there_is_met_with_those_that_are(labels, name):
    with pytest.raises(ValueError, match="There is a#1, red, circle, left, of, a#2, blue, square"):
        labels.find(name)


def test_a_word_of_several_tokens_has_all_of_them():
    labels = label(speller(), "a skyscraper, red", 16)

    assert labels.find("skyscraper") == (1, 2, 3, 4)
    assert [labels.pieces[i] for i in (1, 2, 3, 4, 5, 6)] == [
        "▁sky", "scrap", "e", "r", ",", "▁red",
    ]  # fmt: skip
    assert labels.find("red") == (6,)


def test_the_mark_of_a_word_belongs_to_it_when_it_is_a_token_of_its_own():
    labels = label(speller(), "a blue", 16)

    assert [labels.pieces[i] for i in labels.find("blue")] == ["▁", "b", "l", "u", "e"]


def test_a_hyphen_or_an_apostrophe_does_not_end_a_word():
    labels = label(speller(), "a dog's t-shirt", 24)

    assert [word.text for word in labels.words] == ["a", "dog's", "t-shirt"]
    assert "".join(labels.pieces[i] for i in labels.find("t-shirt")) == "▁t-shirt"


WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)


@given(st.lists(WORD, min_size=1, max_size=8), st.sampled_from([" ", "  ", ", "]))
def test_the_tokens_of_a_word_spell_it(words, between):
    labels = label(speller(), between.join(words), 80)

    assert [word.text for word in labels.words] == words
    for word in labels.words:
        pieces = [labels.pieces[i] for i in labels.find(word.name)]
        assert "".join(pieces).replace("▁", "") == word.text


@given(st.lists(st.sampled_from([*PROMPT.split(), "pink", ",", "</s>"]), max_size=20))
def test_every_token_is_in_exactly_one_region(words):
    regions = label(t5_tokenizer(), " ".join(words), 12).regions()

    assert list(regions) == ["<words>", "<end>", "<padding>"]
    assert sorted(token for tokens in regions.values() for token in tokens) == list(range(12))
    assert regions["<end>"]


def test_the_regions_of_a_prompt_follow_one_another(labels):
    assert labels.regions() == {
        "<words>": tuple(range(8)),
        "<end>": (8,),
        "<padding>": (9, 10, 11),
    }


def test_the_empty_prompt_is_an_end_and_padding():
    labels = label(t5_tokenizer(), "", 4)

    assert labels.regions() == {"<words>": (), "<end>": (0,), "<padding>": (1, 2, 3)}
    with pytest.raises(ValueError, match="There is no word at all"):
        labels.find("red")


def test_a_word_that_was_cut_off_is_not_found_elsewhere():
    labels = label(t5_tokenizer(), PROMPT, 5)

    with pytest.raises(ValueError, match="'square' has no token: 5 tokens are read .* There is a"):
        labels.find("square")


def test_labels_are_the_tokens_that_the_encoder_reads(t5):
    prompts = [PROMPT, "square", "", "a pink circle"]
    with pytest.warns(UserWarning, match="pink"):
        ids = t5.tokens(prompts)

    for prompt, row in zip(prompts, ids, strict=True):
        pieces = t5.tokenizer.convert_ids_to_tokens(row.tolist())
        assert list(label(t5.tokenizer, prompt, t5.length).pieces) == pieces


def test_labels_print_as_a_line(labels):
    assert repr(labels).startswith("<12 tokens: 0 ▁a  1 ▁red  2 ▁circle")
    assert repr(labels).endswith("8 </s>  and 3 of padding>")
