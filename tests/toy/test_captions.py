"""Scenes to sentences and back."""

import re
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxlearn.toy.captions import (
    PLACE_PHRASES,
    RELATION_PHRASES,
    Description,
    Mention,
    describe,
    everything,
    parse,
    write,
)
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.scene import BACKGROUNDS, COLOURS, SHAPES, SIZES


def mentions(counts: tuple[int, ...]):
    return st.fixed_dictionaries(
        {
            "shape": st.sampled_from(SHAPES),
            "colour": st.sampled_from(list(COLOURS)),
            "size": st.sampled_from([None, *SIZES]),
            "count": st.sampled_from(counts),
        }
    )


BACKGROUNDS_OR_NONE = st.sampled_from([None, *BACKGROUNDS])


@given(
    mentions((1, 2, 3)),
    st.sampled_from([None, *PLACE_PHRASES]),
    BACKGROUNDS_OR_NONE,
    st.integers(0, 1000),
)
def test_one_mention_is_read_back_in_every_phrasing(mention, place, background, seed):
    told = Description(mentions=(Mention(**mention),), place=place, background=background)
    assert parse(write(told, seed)) == told


@given(
    st.tuples(mentions((1,)), mentions((1,))),
    st.sampled_from([None, *RELATION_PHRASES]),
    BACKGROUNDS_OR_NONE,
    st.integers(0, 1000),
)
def test_two_mentions_are_read_back_in_every_phrasing(pair, relation, background, seed):
    both = tuple(Mention(**mention) for mention in pair)
    told = Description(mentions=both, relation=relation, background=background)
    assert parse(write(told, seed)) == told


def test_parsing_gives_back_what_a_caption_tells():
    rng = np.random.default_rng(0)
    for scene in islice(scenes(0), 300):
        caption = describe(scene, rng)
        assert parse(caption.text) == caption.tells


def test_a_caption_tells_nothing_but_the_truth():
    rng = np.random.default_rng(0)
    for scene in islice(scenes(1), 300):
        told = describe(scene, rng).tells
        words = [thing.words for thing in scene.things]
        assert sum(mention.count for mention in told.mentions) == len(words)
        for one in told.mentions:
            sizes = [one.size] if one.size else list(SIZES)
            assert sum((s, one.colour, one.shape) in words for s in sizes)
        assert told.background in (None, scene.background) and told.place in (None, scene.place)


def test_captions_tell_sizes_and_backgrounds_three_times_in_four_and_relations_always():
    rng = np.random.default_rng(0)
    told = [describe(scene, rng).tells for scene in islice(scenes(2), 1000)]

    # Five standard deviations of a share of 1000 are 0.07.
    assert np.mean([bool(one.background) for one in told]) == pytest.approx(0.75, abs=0.07)
    assert np.mean([bool(one.mentions[0].size) for one in told]) == pytest.approx(0.75, abs=0.07)
    assert all(one.relation for one in told if len(one.mentions) == 2)


def test_one_caption_in_four_is_phrased_plainly():
    plain = "a large red circle left of a small blue square on a white background"
    rng = np.random.default_rng(0)

    texts = [write(parse(plain), rng) for _ in range(400)]

    # Five standard deviations of a share of 400 are 0.11.
    assert texts.count(plain) / 400 == pytest.approx(0.25, abs=0.11)
    assert len(set(texts)) == 10


def test_the_vocabulary_is_small():
    rng = np.random.default_rng(0)
    texts = [describe(scene, rng).text for scene in islice(scenes(0), 500)]
    assert len(set(re.findall(r"\w+", " ".join(texts)))) <= 60


def test_a_prompt_in_other_words_is_understood():
    told = parse("Two orange crosses, on a GRAY background.")
    assert told == Description(
        mentions=(Mention(shape="cross", colour="orange", count=2),), background="grey"
    )
    assert parse("the red circle in the center").place == "centre"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a red star", "'red star' cannot be read"),
        ("a circle", "'circle' cannot be read"),
        ("four red circles", "'four' cannot be read"),
        ("", "Each object needs a colour"),
        ("a red circle left of", "A relation needs two objects"),
        ("a red circle at the top and a blue square", "a place a single one"),
    ],
)
def test_what_cannot_be_read_is_named_with_an_example(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(text)


def test_everything_counts_things_alike_together():
    for scene in islice(scenes(0, mix={"count": 1}), 20):
        (mention,) = everything(scene).mentions
        assert mention.count == len(scene.things)
