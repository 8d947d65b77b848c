"""Endless scenes, their splits, and the prompts."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch

from fluxlearn.toy.captions import describe
from fluxlearn.toy.dataset import MIX, batch_of, prompts, sample_scene, scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.scene import (
    CANVAS,
    GRID,
    MARGIN,
    RELATION_RATIO,
    SIZES,
    SPLITS,
    fits,
    split_of,
)


@pytest.mark.parametrize("kind", MIX)
def test_things_never_touch_and_never_leave_the_picture(kind):
    rng = np.random.default_rng(0)
    for _ in range(300):
        assert fits(sample_scene(rng, kind).things)


@pytest.mark.parametrize("split", SPLITS)
def test_scenes_belong_to_their_split(split):
    assert {split_of(scene) for scene in islice(scenes(0, split), 50)} == {split}


def test_about_one_description_in_ten_is_kept_for_testing():
    rng = np.random.default_rng(0)
    splits = Counter(split_of(sample_scene(rng, "pair")) for _ in range(1000))

    share = splits["test"] / (splits["test"] + splits["train"])

    # Four standard deviations of a share of 650 are 0.047.
    assert share == pytest.approx(0.1, abs=0.047)


def test_the_same_seed_gives_the_same_scenes_and_another_seed_others():
    first, again, other = (list(islice(scenes(seed), 20)) for seed in (5, 5, 6))
    assert first == again and first != other


def test_kinds_come_in_the_proportions_asked_for():
    kinds = Counter(
        "count" if len({t.words for t in scene.things}) < len(scene.things) else len(scene.things)
        for scene in islice(scenes(0), 1000)
    )

    # Five standard deviations of a share of 1000 are 0.08.
    assert kinds[1] / 1000 == pytest.approx(MIX["one"], abs=0.08)
    assert kinds[2] / 1000 == pytest.approx(MIX["pair"], abs=0.08)


def test_an_easy_mix_has_single_things_only():
    assert {len(scene.things) for scene in islice(scenes(0, mix={"one": 1}), 50)} == {1}


def test_max_objects_limits_every_kind():
    for most in (1, 2, 3):
        seen = {len(scene.things) for scene in islice(scenes(0, max_objects=most), 200)}
        assert seen == set(range(1, most + 1))


def test_every_pair_has_a_relation_and_every_single_thing_a_place():
    for scene in islice(scenes(0), 500):
        if len(scene.things) == 1:
            assert scene.place
        elif scene.things[0].words != scene.things[-1].words:
            a, b = scene.things
            offsets = sorted((abs(a.x - b.x), abs(a.y - b.y)))
            assert scene.relation and offsets[1] >= max(30, RELATION_RATIO * offsets[0])


def test_things_have_one_of_two_sizes_and_stand_anywhere_on_the_grid():
    things = [thing for scene in islice(scenes(0), 2000) for thing in scene.things]
    rows = {size: set() for size in SIZES.values()}
    for thing in things:
        assert thing.x % GRID == thing.y % GRID == 0
        rows[thing.half_width] |= {thing.x, thing.y}

    for size, at in rows.items():
        edge = MARGIN + size
        assert at == {y for y in range(0, CANVAS, GRID) if edge <= y <= CANVAS - edge}


def test_a_batch_pairs_pictures_with_captions():
    pictures, captions = batch_of(scenes(3), 4, 0)

    rng = np.random.default_rng(0)
    for picture, caption, scene in zip(pictures, captions, scenes(3), strict=False):
        assert torch.equal(picture, draw(scene)) and caption == describe(scene, rng)


def test_prompts_tell_size_background_and_relation_or_place():
    for prompt in prompts("test", 100, 0):
        told = prompt.tells
        assert told.background and all(mention.size for mention in told.mentions)
        assert told.relation or told.place or told.mentions[0].count == 2


@pytest.mark.parametrize("split", ["test", "novel"])
def test_no_prompt_of_a_held_out_split_is_a_training_caption(split):
    rng = np.random.default_rng(0)
    seen = {describe(scene, rng).text for scene in islice(scenes(0), 2000)}

    assert len(seen & {prompt.text for prompt in prompts("train", 300, 1)}) > 5
    assert not seen & {prompt.text for prompt in prompts(split, 300, 1)}


def test_wrong_choices_are_refused_with_the_right_ones():
    with pytest.raises(ValueError, match="split is 'validation' but .* train, test, novel"):
        scenes(0, "validation")
    with pytest.raises(ValueError, match="kind of scene is 'many' but .* one, pair, count"):
        scenes(0, mix={"many": 1})
    with pytest.raises(ValueError, match="leaves no kind of scene"):
        scenes(0, mix={"pair": 1}, max_objects=1)
    with pytest.raises(ValueError, match="max_objects is 4"):
        scenes(0, max_objects=4)
