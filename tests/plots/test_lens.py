"""The figures of the velocity lens."""

import numpy as np
import pytest
from plots.cards import check_card_and_words, in_theme
from plots.examples import pictures

from fluxlearn.plots.lens import plot_distance, plot_lens
from fluxlearn.plots.style import THEMES, styled

DEPTHS = ("embedding", "double 0", "single 0")
DISTANCE = np.array([[1.5, 0.8, 0.0], [2.0, 0.4, 0.0]])


@in_theme
def grid():
    """Two rows of three pictures."""
    return plot_lens([pictures(3), pictures(3)[::-1]], [1.0, 0.25], DEPTHS)


@in_theme
def curves():
    """Two curves over three depths."""
    return plot_distance(DISTANCE, 1, [1.0, 0.25])


FIGURES = {"grid": grid, "curves": curves}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_drawn_on_either_card_and_told_in_a_sentence(draw, theme):
    check_card_and_words(draw(theme), theme)


def test_rows_are_named_by_time_and_columns_by_depth():
    axes = grid().axes

    assert [ax.get_title() for ax in axes[:3]] == list(DEPTHS)
    assert [ax.get_ylabel() for ax in axes[::3]] == ["t = 1.00", "t = 0.25"]


def test_every_picture_is_in_its_place():
    shown = [np.asarray(ax.images[0].get_array()) for ax in grid().axes]

    for image, picture in zip(shown, [*pictures(3), *pictures(3)[::-1]], strict=True):
        np.testing.assert_array_equal(image, picture)


def test_a_curve_is_the_distance_at_its_time():
    (ax,) = curves().axes
    drawn = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == 3]

    np.testing.assert_array_equal(drawn, DISTANCE)


def test_the_text_alternative_tells_the_distances():
    assert "At t = 1.00 it goes from 1.5 over 0.8 to 0" in curves().alt
    assert "2 times, t = 1.00 to 0.25" in grid().alt


def test_one_time_is_enough_for_a_curve():
    with styled("light"):
        assert plot_distance(DISTANCE[:1], 1, [0.5]).alt


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_lens([pictures(3)], [1.0, 0.5], DEPTHS), "1 rows of 3 pictures .* 2 times"),
        (lambda: plot_lens([pictures(2)], [1.0], DEPTHS), "1 rows of 2 pictures .* 3 depths"),
        (lambda: plot_lens([], [], DEPTHS), "0 rows of no pictures"),
        (lambda: plot_distance(DISTANCE, 1, [1.0]), r"shape \(2, 3\) for 1 times"),
    ],
)
def test_what_has_no_place_is_refused_with_the_numbers(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
