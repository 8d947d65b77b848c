"""Recipes are drawn where they mix and as they err."""

import numpy as np
import pytest
from plots.examples import EXAMPLES

from fluxlearn.plots.recipes import plot_errors, plot_mixtures


def names_beside(ax):
    """Height in dots of a screen of every name that stands beside a curve."""
    return [text.get_window_extent().y0 for text in ax.texts if text.get_weight() == "bold"]


def test_a_way_is_drawn_through_its_amounts():
    path = np.array([[1.0, 0.0], [0.4, 0.6], [0.0, 1.0]])

    (ax,) = plot_mixtures({"way": path}).axes

    assert np.allclose(ax.lines[-1].get_xydata(), path)


def test_the_text_counts_the_steps_with_more_noise_than_picture():
    path = np.array([[1.0, 0.0], [0.4, 0.6], [0.0, 1.0]])

    assert "way, 2 of 3" in plot_mixtures({"way": path}).alt


def test_names_of_curves_that_end_together_do_not_overlap():
    fig = EXAMPLES["errors"]()
    fig.draw_without_rendering()

    heights = sorted(names_beside(fig.axes[0]))

    assert len(heights) == 3
    assert min(np.diff(heights)) >= 0.15 * fig.dpi


def test_the_floor_is_the_dashed_line():
    (ax,) = plot_errors({"a": [2.0, 1.0]}, [1, 2], 0.5, "error").axes

    assert ax.lines[-1].get_ydata() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: plot_mixtures({}), "paths is empty"),
        (lambda: plot_errors({"a": [1.0]}, [1, 2], 0.1, "e"), "1 errors for 2 numbers of calls"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_numbers(draw, told):
    with pytest.raises(ValueError, match=told):
        draw()
