"""The figures of shares and heads."""

import numpy as np
import pytest
from plots.cards import check_card_and_words, in_theme

from fluxlearn.plots.attribution import plot_heads, plot_shares
from fluxlearn.plots.style import THEMES

BLOCKS = ("embedding", "double 0", "single 0", "last layer")
SHARES = {
    "attention": np.array([[0.0, 0.5, -0.2, 0.0], [0.0, 0.1, 0.3, 0.0]]),
    "MLP": np.array([[0.0, 0.4, 0.2, 0.0], [0.0, -0.1, 0.6, 0.0]]),
    "bias": np.array([[0.1, -0.1, 0.0, 0.1], [0.0, 0.0, 0.0, 0.1]]),
}
HEADS = np.array([[0.1, 0.2, 0.1], [0.3, 0.0, 0.7]])


@in_theme
def bars():
    """Two panels of bars."""
    return plot_shares(SHARES, BLOCKS, [1.0, 0.25])


@in_theme
def heads():
    """A heat map of two blocks."""
    return plot_heads(HEADS, BLOCKS[1:3], 0.5)


FIGURES = {"bars": bars, "heads": heads}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_drawn_on_either_card_and_told_in_a_sentence(draw, theme):
    check_card_and_words(draw(theme), theme)


def test_bars_of_one_sign_stand_on_each_other():
    top, _ = bars().axes
    reach = dict(zip(SHARES, top.containers, strict=True))

    assert [p.get_y() for p in reach["MLP"]] == [0, 0.5, 0, 0]
    assert [p.get_y() for p in reach["bias"]] == [0, 0, 0.2, 0]
    assert [p.get_height() for p in reach["attention"]] == [0, 0.5, -0.2, 0]


def test_panels_are_times_and_columns_are_blocks():
    fig = bars()
    fig.draw_without_rendering()

    assert [ax.get_title("left") for ax in fig.axes] == ["t = 1.00", "t = 0.25"]
    assert [label.get_text() for label in fig.axes[-1].get_xticklabels()] == list(BLOCKS)
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list(SHARES)


def test_kinds_of_bar_can_be_told_apart_without_colour():
    patches = [container[0] for container in bars().axes[0].containers]
    greys = sorted(float(np.mean(patch.get_facecolor()[:3])) for patch in patches)

    assert np.diff(greys).min() > 0.1


def test_a_heat_map_has_a_row_a_block_and_a_column_a_head():
    fig = heads()

    np.testing.assert_array_equal(np.asarray(fig.axes[0].images[0].get_array()), HEADS)
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["double 0", "single 0"]


def test_the_text_alternatives_tell_the_largest():
    assert (
        "attention in double 0 at t = 1.00 (50%), MLP in single 0 at t = 0.25 (60%)" in bars().alt
    )
    assert "head 2 in single 0 (0.7)" in heads().alt


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_shares(SHARES, BLOCKS, [1.0]), r"attention has the shape \(2, 4\).*1 times"),
        (lambda: plot_shares({}, BLOCKS, [1.0]), "0 kinds"),
        (lambda: plot_heads(HEADS, BLOCKS), r"shape \(2, 3\) for 4 blocks"),
    ],
)
def test_what_has_no_place_is_refused_with_the_numbers(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
