"""Figures look as they did, up to what another font renderer changes.

All pictures are shrunk to thumbnails and compared as one would compare them across a room. After a
change that is meant, `python tests/plots/test_likeness.py` draws the thumbnails anew.
"""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HERE = Path(__file__).parent
WATCHED = (
    "schedule", "shift", "sinusoids", "similarity", "angles", "turns", "kernel", "kernel_map",
    "modulation", "signed_modulation", "quadrants",
)  # fmt: skip
SIZE = (96, 72)


def thumbnail(name):
    """A figure as a small picture."""
    from plots.examples import EXAMPLES

    from fluxlearn.plots.style import styled

    with styled("light"):
        data = EXAMPLES[name]().png()
    return Image.open(io.BytesIO(data)).convert("RGB").resize(SIZE, Image.Resampling.BOX)


@pytest.mark.parametrize("name", WATCHED)
def test_a_figure_looks_as_it_did(name):
    before = np.asarray(Image.open(HERE / f"{name}.png").convert("RGB"), dtype=float)
    difference = np.abs(np.asarray(thumbnail(name), dtype=float) - before) / 255

    # A missing curve or a moved panel changes far more; another hinting of the letters far less.
    assert difference.mean() < 0.004
    assert difference.max() < 0.5


def test_the_comparison_sees_a_change():
    schedule = np.asarray(thumbnail("schedule"), dtype=float)
    bare = schedule.copy()
    bare[schedule.std(axis=2) > 8] = 255  # take the coloured curve away

    assert np.abs(schedule - bare).mean() / 255 > 0.004


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    for watched in WATCHED:
        thumbnail(watched).save(HERE / f"{watched}.png", optimize=True)
