"""The evaluator's clauses as measures of a sweep."""

import pytest
import torch

from fluxlearn.sampling.picture import Picture
from fluxlearn.toy.draw import draw
from fluxlearn.toy.measures import contrast, meets
from fluxlearn.toy.scene import Scene, Thing

RED, BLUE = "a red circle on a white background", "a blue circle on a white background"


def picture(colour):
    thing = Thing(shape="circle", colour=colour, half_width=25, x=64, y=64)
    pixels = draw(Scene(background="white", things=(thing,)))[None]
    return Picture(pixels=pixels, latents=torch.zeros(1, 1, 2, 2), times=(), prompt="", seed=0)


@pytest.mark.parametrize(("colour", "value"), [("red", 1), ("blue", -1), ("green", 0)])
def test_a_contrast_tells_the_source_from_the_target(colour, value):
    shown = picture(colour)

    assert contrast(RED, BLUE, "colour")(shown, shown) == value


def test_a_clause_is_met_or_not():
    shown = picture("red")

    assert meets(RED)(shown, shown) is True
    assert meets(BLUE, "colour")(shown, shown) is False
    assert meets(BLUE, "shape")(shown, shown) is True


def test_a_measure_has_the_name_of_what_it_measures():
    assert meets(RED, "shape").__name__ == f"shape of {RED!r}"


@pytest.mark.parametrize(
    ("prompt", "clause", "words"),
    [
        (RED, "place", "tells no place"),
        (RED, "size", "tells no size"),
        (RED, "hue", "clause is 'hue'"),
        ("a red dragon", "full", "'dragon'|cannot be read"),
    ],
)
def test_a_measure_that_says_nothing_is_refused(prompt, clause, words):
    with pytest.raises(ValueError, match=words):
        meets(prompt, clause)
