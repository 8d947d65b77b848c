"""The figure of differences between two programs."""

import pytest
from plots.cards import check_card_and_words, in_theme

from fluxlearn.plots.errors import FLOOR, plot_errors
from fluxlearn.plots.style import COLOURS, THEMES

SAME = {"embed.img": 0.0, "double.0.txt.mlp_out": 3e-7, "single.0.z": 5e-7}
PANELS = {"as it is": SAME, "broken": SAME | {"single.0.z": 0.4}}


@in_theme
def drawn():
    """Two panels of three places."""
    return plot_errors(PANELS)


@pytest.mark.parametrize("theme", THEMES)
def test_the_figure_is_drawn_on_either_card_and_told_in_a_sentence(theme):
    check_card_and_words(drawn(theme), theme)


def test_a_bar_ends_at_its_difference_and_none_at_the_floor():
    ends = [bar.get_width() for bar in drawn().axes[0].patches]

    assert ends == [FLOOR, 3e-7, 5e-7]


def test_panels_are_named_and_places_stand_from_the_first_downwards():
    fig = drawn()
    fig.draw_without_rendering()

    assert [ax.get_title("left") for ax in fig.axes] == list(PANELS)
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == list(SAME)
    assert fig.axes[0].get_ylim()[0] > fig.axes[0].get_ylim()[1]


def test_bars_have_the_colours_of_their_streams():
    img, txt, joint = drawn().axes[0].patches

    assert img.get_facecolor() == pytest.approx(rgb(COLOURS["image"]))
    assert txt.get_facecolor() == pytest.approx(rgb(COLOURS["text"]))
    assert joint.get_facecolor() == pytest.approx(rgb(THEMES["light"].quiet))


def rgb(colour):
    from matplotlib.colors import to_rgba

    return to_rgba(colour)


def test_the_text_alternative_tells_the_largest_difference_of_each_panel():
    assert "broken: at most 4e-01, in single.0.z" in drawn().alt


@pytest.mark.parametrize("panels", [{}, {"a": SAME, "b": {"vec": 0.0}}])
def test_panels_with_other_places_are_refused(panels):
    with pytest.raises(ValueError, match=f"errors has {len(panels)} panels"):
        plot_errors(panels)
