"""Pictures among the options: what a model takes is told by the width of its tokens."""

import pytest
import torch
from tiny_models import CONTROL, FILL, FLUX
from tiny_pictures import photograph

from fluxlearn.config import PRESETS
from fluxlearn.sampling.inputs.given import needed_pictures
from fluxlearn.sampling.inputs.pixels import to_pixels
from fluxlearn.sampling.picture import from_pil

NEEDED = {"flux-canny": ("control",), "flux-depth": ("control",), "flux-fill": ("image", "mask")}


@pytest.mark.parametrize("name", PRESETS)
def test_the_published_models_need_the_pictures_that_they_were_trained_with(name):
    assert needed_pictures(PRESETS[name]) == NEEDED.get(name, ())


def test_smaller_models_need_the_same():
    assert [needed_pictures(c) for c in (FLUX, CONTROL, FILL)] == [
        (),
        ("control",),
        ("image", "mask"),
    ]


def test_a_picture_may_be_a_file_or_its_values():
    image = photograph()

    values = to_pixels("control", image)

    assert torch.equal(values, from_pil(image))
    assert torch.equal(to_pixels("control", values.double()), values)
