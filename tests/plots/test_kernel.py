"""The kernel that is drawn is the score that the model's rotations give."""

import numpy as np
import pytest
import torch
from plots.examples import frequencies

from fluxlearn.config import PRESETS
from fluxlearn.model.rope import EmbedND, rotate
from fluxlearn.plots.kernel import plot_kernel, plot_kernel_map
from fluxlearn.sampling.positions import image_ids

CHANNELS = (8, 12, 20)  # of the reference index, rows and columns
GRID, TOKEN = (5, 9), (1, 6)


def scores():
    """Scores of one token of a picture with all its tokens, queries and keys being equal."""
    height, width = GRID
    ids = image_ids(1, 16 * height, 16 * width)
    ones = torch.ones(1, 1, height * width, sum(CHANNELS))
    turned = rotate(ones, EmbedND(10_000, CHANNELS)(ids))[0, 0]
    return (turned @ turned[TOKEN[0] * width + TOKEN[1]]).reshape(GRID).numpy()


def kernel_map(token=TOKEN):
    still, rows, columns = (frequencies(channels) for channels in CHANNELS)
    return plot_kernel_map(rows, columns, token, GRID, len(still))


def curves(reach=6):
    fig = plot_kernel({"row": frequencies(12), "column": frequencies(20)}, reach)
    return [ax.lines for ax in fig.axes]


def test_the_map_is_what_the_model_s_rotations_make_of_equal_queries_and_keys():
    shown = np.asarray(kernel_map().axes[0].images[0].get_array())

    np.testing.assert_allclose(shown, scores() / scores().max(), atol=1e-5)


def test_the_map_is_told_with_its_lowest_place():
    row, column = np.unravel_index(scores().argmin(), GRID)

    assert f"in row {row}, column {column}." in kernel_map().alt


def test_the_bold_curve_is_the_mean_of_the_thin_ones():
    for zero, *planes, mean in curves():
        assert not np.any(zero.get_ydata())
        thin = np.mean([plane.get_ydata() for plane in planes], axis=0)
        np.testing.assert_allclose(mean.get_ydata(), thin)


def test_all_planes_meet_in_1_at_offset_0():
    for _, *planes, mean in curves():
        for line in (*planes, mean):
            np.testing.assert_allclose(np.interp(0, *line.get_data()), 1)


def test_in_flux_the_kernel_stays_above_zero_within_a_picture():
    axes = {str(size): frequencies(size) for size in PRESETS["flux-dev"].axes_dim}

    for ax in plot_kernel(axes, reach=63).axes:
        mean = ax.lines[-1].get_ydata()
        assert 0 < min(mean) < 0.5


def test_a_curve_is_the_row_of_the_map_up_to_the_planes_that_stand_still():
    mean = curves()[1][-1]
    offsets = np.arange(GRID[1]) - TOKEN[1]
    along_row = np.asarray(kernel_map().axes[0].images[0].get_array())[TOKEN[0]]
    still = 1 - CHANNELS[2] / sum(CHANNELS)

    drawn = np.interp(offsets, *mean.get_data())
    np.testing.assert_allclose(along_row, still + (1 - still) * drawn, atol=1e-6)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_kernel({}, 4), "0 axes"),
        (lambda: plot_kernel({"row": frequencies(8)}, 0), "a reach of 0"),
        (lambda: kernel_map(token=(5, 0)), r"token is \(5, 0\), but rows run from 0 to 4"),
        (lambda: kernel_map(token=(0, -1)), "columns to 8"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
