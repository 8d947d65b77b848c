"""The figures of values and outliers."""

import numpy as np
import pytest
from plots.cards import check_card_and_words, in_theme

from fluxlearn.plots.streams import plot_outliers, plot_values
from fluxlearn.plots.style import THEMES

IMG = np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 1.0]])
TXT = np.array([[2.0, 2.0], [8.0, 8.0], [1.0, 2.0]])
PLAIN = {key: np.ones((2, 4)) for key in ("peak", "median", "kurtosis")}
SPIKED = PLAIN | {
    "peak": np.array([[3.0, 3, 3, 3], [3, 30, 90, 6]]),
    "median": np.full((2, 4), 0.5),
}


@in_theme
def values():
    """Three blocks of two heads."""
    return plot_values(IMG, TXT, 1)


@in_theme
def outliers():
    """Two steps, three blocks."""
    return plot_outliers(PLAIN, SPIKED, 1, [1.0, 0.25])


FIGURES = {"values": values, "outliers": outliers}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_drawn_on_either_card_and_told_in_a_sentence(draw, theme):
    check_card_and_words(draw(theme), theme)


def test_a_dot_is_a_head_and_the_line_is_their_mean():
    (ax,) = values().axes

    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [2, 2, 1])
    assert [len(dots.get_offsets()) for dots in ax.collections] == [6, 6]


def test_panels_are_named_by_what_they_measure():
    first, second = outliers().axes

    assert first.get_ylabel() == "largest |x| / median |x|"
    assert second.get_ylabel() == "kurtosis; 3 is a bell curve"
    np.testing.assert_array_equal(first.lines[3].get_ydata(), [6, 60, 180, 12])


def test_the_text_alternatives_tell_the_largest():
    assert "1 to 4 times as long" in values().alt and "most so in block 2" in values().alt
    assert "text tokens 180 after 2 blocks" in outliers().alt


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_values(IMG, TXT[:2], 1), r"img \(3, 2\), txt \(2, 2\)"),
        (lambda: plot_outliers(PLAIN, SPIKED, 1, [1.0]), "a row for each of 1 times"),
    ],
)
def test_what_has_no_place_is_refused_with_the_numbers(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
