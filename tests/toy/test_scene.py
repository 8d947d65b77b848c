"""What is derived from a scene: places, relations, splits."""

from dataclasses import replace
from itertools import combinations, islice

import numpy as np
import pytest

from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.scene import (
    BACKGROUNDS,
    COLOURS,
    HELD_OUT,
    OPPOSITE,
    SHAPES,
    Scene,
    Thing,
    fits,
    place_of,
    relation_of,
    split_of,
)


def thing(shape="circle", colour="orange", half_width=14.0, x=64.0, y=64.0) -> Thing:
    return Thing(shape=shape, colour=colour, half_width=half_width, x=x, y=y)


def test_a_scene_survives_json():
    for scene in islice(scenes(0), 50):
        assert Scene.from_json(scene.to_json()) == scene


def test_colours_are_far_apart_from_one_another_and_from_the_backgrounds():
    palette = np.array(list((COLOURS | BACKGROUNDS).values()))

    closest = min(np.linalg.norm(a - b) for a, b in combinations(palette, 2))

    assert closest > 100


def test_swapping_two_things_turns_their_relation_round():
    for scene in islice(scenes(0, mix={"pair": 1}), 50):
        swapped = Scene(background=scene.background, things=scene.things[::-1])
        assert swapped.relation == OPPOSITE[scene.relation]


def test_the_order_of_things_does_not_change_the_split():
    for scene in islice(scenes(0, mix={"pair": 1}), 200):
        swapped = Scene(background=scene.background, things=scene.things[::-1])
        assert split_of(swapped) == split_of(scene)


def test_the_position_of_a_single_thing_does_not_change_the_split():
    for scene in islice(scenes(0, "test", mix={"one": 1}), 20):
        moved = replace(scene.things[0], x=64.0, y=64.0)
        assert split_of(replace(scene, things=(moved,))) == "test"


def test_a_held_out_combination_makes_a_scene_novel():
    for colour, shape in HELD_OUT:
        things = (thing(), thing(shape, colour, x=100.0))
        assert split_of(Scene(background="white", things=things)) == "novel"


def test_each_colour_and_each_shape_is_still_seen_in_training():
    assert {colour for colour, _ in HELD_OUT} < set(COLOURS)
    for colour in COLOURS:
        assert sum(held == colour for held, _ in HELD_OUT) <= 1
    for shape in SHAPES:
        assert sum(held == shape for _, held in HELD_OUT) <= 1


def test_the_split_of_a_scene_is_the_same_on_every_machine():
    expected = {
        ("green", "square"): "test",
        ("green", "cross"): "train",
        ("red", "triangle"): "novel",
    }
    for (colour, shape), split in expected.items():
        scene = Scene(background="white", things=(thing(shape, colour, half_width=26.0),))
        assert split_of(scene) == split


def test_the_nine_places_are_told_apart_and_borders_are_disputable():
    names = {place_of(x, y) for x in (20, 64, 108) for y in (20, 64, 108)}

    assert len(names) == 9
    assert place_of(20, 20) == "top left"
    assert place_of(43, 64, clearance=4) is None


def test_a_diagonal_offset_has_no_clear_relation():
    assert relation_of(-40, 10, ratio=1.4) == "left of"
    assert relation_of(5, 40, ratio=1.4) == "below"
    assert relation_of(40, 38, ratio=1.4) is None


def test_things_that_come_too_close_or_leave_the_picture_do_not_fit():
    assert fits((thing(x=30.0), thing(x=64.0)))
    assert not fits((thing(x=30.0), thing(x=63.0)))
    assert not fits((thing(x=16.0),))


def test_an_unknown_word_is_named_with_the_words_there_are():
    with pytest.raises(ValueError, match=r"shape is 'star' but .* circle, square, triangle, cross"):
        thing(shape="star")
    with pytest.raises(ValueError, match="background is 'pink' but"):
        Scene(background="pink", things=(thing(),))


def test_a_scene_of_no_or_four_things_is_refused():
    for count in (0, 4):
        with pytest.raises(ValueError, match=f"1 to 3 things but {count} were given"):
            Scene(background="white", things=(thing(),) * count)
