"""Pictures and masks of scenes."""

from itertools import islice

import numpy as np
import pytest
import torch

from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import coverage, draw, masks, rgb, to_pil
from fluxlearn.toy.read import AREAS
from fluxlearn.toy.scene import SHAPES, Scene, Thing


def alone(shape: str, half_width: float = 26.0, x: float = 64.0, y: float = 64.0) -> Scene:
    only = Thing(shape=shape, colour="blue", half_width=half_width, x=x, y=y)
    return Scene(background="white", things=(only,))


def test_a_picture_is_float32_between_minus_one_and_one():
    for scene in islice(scenes(0), 20):
        picture = draw(scene)
        assert picture.shape == (3, 128, 128) and picture.dtype == torch.float32
        assert picture.min() >= -1 and picture.max() <= 1


@pytest.mark.parametrize("shape", SHAPES)
def test_coverage_adds_up_to_the_area_of_the_shape(shape):
    covered = coverage(alone(shape, x=60.3, y=66.8).things[0]).sum()

    # Coverage is linear in the distance, which is off by a little at slanted edges and corners.
    assert covered == pytest.approx(AREAS[shape] * 26**2, rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_fills_its_bounding_box_from_edge_to_edge(shape):
    (mask,) = masks(alone(shape))

    rows, columns = (torch.nonzero(mask.any(dim=axis)).flatten() for axis in (1, 0))

    # The tip of a triangle is narrower than a pixel.
    assert rows[-1] == 89 and rows[0] in ((38, 39) if shape == "triangle" else (38,))
    assert (columns[0], columns[-1]) == (38, 89)


def test_a_triangle_stands_on_its_base():
    (mask,) = masks(alone("triangle"))
    assert mask[41].sum() < mask[64].sum() < mask[88].sum()


def test_a_cross_has_arms_a_third_as_wide_as_it():
    (mask,) = masks(alone("cross", half_width=27.0))
    assert mask[40].sum() == 18 and mask[64].sum() == 54


def test_each_mask_shows_the_colour_of_its_thing():
    for scene in islice(scenes(0, mix={"pair": 1}), 10):
        picture = draw(scene)
        for thing, mask in zip(scene.things, masks(scene), strict=True):
            mean = picture[:, mask].mean(dim=1).numpy()
            assert np.abs(mean - rgb(thing.colour)).max() < 0.15


def test_masks_of_a_scene_do_not_overlap():
    for scene in islice(scenes(0), 30):
        assert masks(scene).sum(dim=0).max() == 1


def test_moving_a_thing_by_whole_pixels_moves_its_picture():
    here, there = draw(alone("cross")), draw(alone("cross", x=70.0, y=61.0))
    assert torch.equal(here.roll((-3, 6), dims=(1, 2)), there)


def test_an_image_file_keeps_the_colours():
    image = to_pil(draw(alone("square")))

    assert image.size == (128, 128)
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.getpixel((64, 64)) == (20, 70, 230)
