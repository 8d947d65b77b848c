"""The figure of maps over pictures as they come about."""

import numpy as np
import pytest
from plots.cards import check_card_and_words, in_theme
from plots.examples import pictures

from fluxlearn.plots.attention_steps import plot_attention_steps
from fluxlearn.plots.style import THEMES

TIMES = (1.0, 0.5)
RED = np.stack([np.full((4, 4), 0.01), np.eye(4)[::-1] / 20])
MAPS = {"red": RED, "circle": np.zeros((2, 4, 4))}


@in_theme
def drawn():
    """Two words at two times."""
    return plot_attention_steps(pictures(2), MAPS, TIMES)


def test_columns_are_times_and_rows_are_words_with_their_largest_share():
    axes = np.array(drawn().axes).reshape(3, 2)

    assert [ax.get_title() for ax in axes[0]] == ["t = 1.00", "t = 0.50"]
    assert [ax.get_ylabel() for ax in axes[1:, 0]] == ["red\nup to 5 %", "circle\nup to 0 %"]


def test_all_maps_of_a_word_have_one_scale():
    early, late = (np.asarray(ax.images[1].get_array()) for ax in drawn().axes[2:4])

    np.testing.assert_allclose(early, 0.2)
    assert late.max() == 1


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_drawn_on_either_card_and_told_in_a_sentence(theme):
    check_card_and_words(drawn(theme), theme)


def test_the_text_alternative_tells_where_a_word_begins_and_ends():
    assert (
        "red most at row 1, column 1 (1 %) at t = 1.00 and at row 1, column 4 (5 %) at t = 0.50"
        in drawn().alt
    )


@pytest.mark.parametrize(
    ("maps", "times", "message"),
    [
        ({}, TIMES, "maps is empty"),
        ({"red": RED[:1]}, TIMES, r"2 times came with 2 pictures and with maps of {'red': 1}"),
        (MAPS, (1.0,), "1 times came with 2 pictures"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_does_not_belong_together_is_refused(maps, times, message):
    with pytest.raises(ValueError, match=message):
        plot_attention_steps(pictures(2), maps, times)
