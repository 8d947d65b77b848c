"""The figure of what a model holds and takes."""

import pytest
from plots.cards import check_card_and_words, in_theme

from fluxlearn.plots.costs import plot_costs
from fluxlearn.plots.style import THEMES

NAMES, HELD, TAKEN = ("modulation", "attention", "MLP"), (30, 0, 70), (0, 20, 180)


@in_theme
def drawn():
    """Three parts."""
    return plot_costs(NAMES, HELD, TAKEN)


@pytest.mark.parametrize("theme", THEMES)
def test_the_figure_is_drawn_on_either_card_and_told_in_a_sentence(theme):
    check_card_and_words(drawn(theme), theme)


def test_bars_are_shares_of_their_own_whole():
    parameters, flops = ([bar.get_width() for bar in ax.patches] for ax in drawn().axes)

    assert parameters == [0.3, 0.0, 0.7]
    assert flops == [0.0, 0.1, 0.9]


def test_parts_stand_in_order_and_shares_are_written_beside_them():
    fig = drawn()
    fig.draw_without_rendering()

    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == list(NAMES)
    assert [text.get_text() for text in fig.axes[0].texts] == [" 30 %", " none", " 70 %"]


def test_the_text_alternative_tells_the_largest_of_both():
    assert "Most parameters are in MLP (70 %), most FLOPs in MLP (90 %)." in drawn().alt


@pytest.mark.parametrize("given", [((), (), ()), (NAMES, HELD, TAKEN[:2])])
def test_what_is_not_equally_long_is_refused(given):
    with pytest.raises(ValueError, match=f"there are {len(given[0])} names"):
        plot_costs(*given)
