"""The figures of rotary positions show the model's own rotations."""

import numpy as np
import pytest
import torch
from plots.examples import frequencies

from fluxlearn.model.rope import rope
from fluxlearn.plots.rotations import plot_angles, plot_turns

POSITIONS = 16
AXES = {"reference": 8, "row": 12}


def rotations(channels):
    """The model's matrices, [position, pair, 2, 2]."""
    return rope(torch.arange(POSITIONS)[None].float(), channels, 10_000)[0].numpy()


def angles():
    return plot_angles({name: frequencies(size) for name, size in AXES.items()}, POSITIONS)


def names(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_a_map_shows_the_cosine_of_every_rotation():
    for ax, channels in zip(angles().axes, AXES.values(), strict=False):
        shown = np.asarray(ax.images[0].get_array())

        np.testing.assert_allclose(shown, rotations(channels)[:, :, 0, 0].T, atol=1e-5)


def test_every_axis_is_named_with_its_planes():
    titles = [ax.get_title("left") or ax.get_title() for ax in angles().axes[:2]]

    assert titles == ["reference: 4 planes", "row: 6 planes"]


def test_a_plane_is_named_by_the_positions_of_one_turn():
    ax = angles().axes[0]
    turns = [float(label.get_text().replace(",", "")) for label in ax.get_yticklabels()]

    np.testing.assert_allclose(turns, 2 * np.pi * 10 ** np.arange(4.0), rtol=0.01)


def test_an_arrow_is_the_first_column_of_its_rotation():
    plane = 1
    fig = plot_turns({"plane 1": float(frequencies(12)[plane])}, range(POSITIONS))
    (arrows,) = fig.axes[0].collections

    np.testing.assert_allclose(arrows.U, rotations(12)[:, plane, 0, 0], atol=1e-5)
    np.testing.assert_allclose(arrows.V, rotations(12)[:, plane, 1, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("omega", "written"),
    [(1.0, ["0", "1", "2", "3"]), (0.2, ["0", "3"]), (0.01, ["0–3"])],
)
def test_arrows_that_lie_close_share_a_name(omega, written):
    assert names(plot_turns({"plane": omega}, range(4))) == written


def test_a_plane_is_told_with_its_turn_in_degrees():
    fig = plot_turns({"fast": np.pi / 2, "slow": np.pi / 180}, range(3))

    assert [ax.get_xlabel() for ax in fig.axes] == ["90° a position", "1° a position"]
    assert "fast by 90°, slow by 1°" in fig.alt


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_angles({}, 4), "0 axes and 4 positions"),
        (lambda: plot_angles({"row": frequencies(8)}, 1), "1 axes and 1 positions"),
        (lambda: plot_turns({}, [0, 1]), "0 planes and 2 positions"),
        (lambda: plot_turns({"plane": 1.0}, []), "1 planes and 0 positions"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
