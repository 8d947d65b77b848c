"""The figure of maps over a picture."""

import numpy as np
import pytest
from plots.cards import card_of, in_theme
from plots.examples import pictures

from fluxlearn.plots.attention import plot_attention
from fluxlearn.plots.style import THEMES

MAPS = {"red": np.eye(4) / 50, "circle": np.full((4, 4), 0.25)}


@in_theme
def drawn():
    """One picture with two maps."""
    return plot_attention(pictures(1)[0], MAPS)


def test_a_figure_has_the_picture_and_a_panel_for_each_map():
    assert [ax.get_title("left") or ax.get_title() for ax in drawn().axes] == [
        "picture", "red", "circle",
    ]  # fmt: skip


def test_each_map_tells_its_largest_value():
    assert [ax.get_xlabel() for ax in drawn().axes[1:]] == ["up to 2 %", "up to 25 %"]


def test_the_text_alternative_tells_where_each_map_is_largest():
    assert "red most at row 1 of 4, column 1 of 4 (2 %)" in drawn().alt
    assert drawn().alt.endswith(".")


@pytest.mark.parametrize("theme", THEMES)
def test_a_map_is_drawn_on_either_card(theme):
    assert card_of(drawn(theme)) == THEMES[theme].card


def test_a_map_covers_the_picture_token_by_token():
    _, panel, _ = drawn().axes
    under, over = panel.images

    assert over.get_extent() == [-0.5, 31.5, 31.5, -0.5]
    assert under.get_array().shape[:2] == (32, 32)
    np.testing.assert_array_equal(np.asarray(over.get_array()), np.eye(4))


def test_a_map_of_nothing_is_drawn_as_nothing():
    fig = plot_attention(pictures(1)[0], {"absent": np.zeros((2, 2))})

    assert not np.asarray(fig.axes[1].images[1].get_array()).any()


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ({}, "maps is empty"),
        ({"red": np.ones((4, 6))}, r"'red' has the shape \(4, 6\) and the picture 32 × 32"),
        ({"red": np.ones(16)}, r"shape \(16,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_does_not_fit_the_picture_is_refused(maps, message):
    with pytest.raises(ValueError, match=message):
        plot_attention(pictures(1)[0], maps)
