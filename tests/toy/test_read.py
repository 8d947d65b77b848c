"""Pictures back to scenes."""

from itertools import islice

import numpy as np
import pytest
import torch

from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import draw, rgb
from fluxlearn.toy.read import MIN_OVERLAP, read_picture
from fluxlearn.toy.scene import Scene, Thing


def painted(inside: np.ndarray, colour="red", background="white") -> torch.Tensor:
    """A hard-edged picture of any outline."""
    picture = np.where(inside, rgb(colour)[:, None, None], rgb(background)[:, None, None])
    return torch.from_numpy(picture.astype(np.float32))


X, Y = np.meshgrid(np.arange(128) - 63.5, np.arange(128) - 63.5)


def test_reading_inverts_drawing_to_within_a_pixel():
    for scene in islice(scenes(0), 200):
        reading = read_picture(draw(scene))

        assert reading.background == scene.background
        assert len(reading.things) == len(scene.things)
        for thing in scene.things:
            seen = min(reading.things, key=lambda s: abs(s.x - thing.x) + abs(s.y - thing.y))
            assert (seen.size, seen.colour, seen.shape) == thing.words
            for name in ("x", "y", "half_width"):
                assert getattr(seen, name) == pytest.approx(getattr(thing, name), abs=1)


def test_a_blend_at_an_edge_is_no_thing_of_a_third_colour():
    # Half red on white is nearest to grey, half orange on white to yellow or grey.
    for colour in ("red", "orange", "purple"):
        things = (Thing(shape="circle", colour=colour, half_width=26.5, x=64.2, y=63.7),)
        picture = draw(Scene(background="white", things=things))
        wide = torch.nn.functional.avg_pool2d(picture[None], 3, 1, 1, count_include_pad=False)[0]
        assert [seen.colour for seen in read_picture(wide).things] == [colour]


def test_an_empty_picture_has_no_things():
    reading = read_picture(painted(X > 999, background="grey"))
    assert reading.background == "grey" and reading.things == ()


def test_a_speck_is_no_thing():
    assert read_picture(painted((abs(X) < 4) & (abs(Y) < 4))).things == ()


@pytest.mark.parametrize(
    "outline",
    [
        abs(X) + abs(Y) < 26,
        (X**2 + Y**2 < 26**2) & (Y < 0),
        (abs(X) < 26) & (abs(Y) < 16),
        (abs(X) < 12) & (abs(Y) < 26) | (abs(X) < 26) & (Y > 10) & (Y < 26),
    ],
    ids=["diamond", "half disc", "slab", "T upside down"],
)
def test_a_thing_of_no_known_shape_is_left_unnamed(outline):
    (seen,) = read_picture(painted(outline)).things
    assert seen.shape is None and seen.overlap < MIN_OVERLAP


def test_a_blob_in_the_colour_of_another_background_is_a_thing():
    (seen,) = read_picture(painted(X**2 + Y**2 < 15**2, colour="black")).things
    assert (seen.size, seen.colour, seen.shape) == ("small", "black", "circle")


def test_a_thing_of_two_colours_is_two_things():
    picture = painted(X**2 + Y**2 < 26**2)
    picture[:, :, 64:] = painted(X**2 + Y**2 < 26**2, colour="blue")[:, :, 64:]

    seen = read_picture(picture).things

    assert {one.colour for one in seen} == {"red", "blue"}
    assert all(one.shape is None for one in seen)


def test_an_edge_in_a_colour_of_things_is_no_background():
    assert read_picture(painted(abs(X) < 10, background="red")).background is None


def test_a_batch_or_a_latent_is_refused(unchecked_shapes):
    with pytest.raises(ValueError, match=r"\(16, 16, 16\) but a toy picture is \(3, 128, 128\)"):
        read_picture(torch.zeros(16, 16, 16))
