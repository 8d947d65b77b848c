"""The figures of localisation."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from plots.examples import pictures

from fluxlearn.plots.localisation import plot_found, plot_pointing
from fluxlearn.plots.style import THEMES, styled

BLOCKS = ("double.0", "single.0")
SHARES = {
    "colour": np.array([[0.1, 0.9, 0.2], [0.3, 0.0, np.nan]]),
    "shape": np.array([[0.1, 0.2, 0.2], [0.3, 0.0, 0.7]]),
}
MAP, MASK = np.array([[1.0, 0.0], [0.0, 3.0]]), np.zeros((32, 32), dtype=bool)
MASK[16:, 16:] = True


def pointing(theme="light"):
    with styled(theme):
        return plot_pointing(SHARES, BLOCKS, 0.1)


def found(theme="light"):
    with styled(theme):
        return plot_found(pictures(1)[0], {"red": MAP, "left": MAP}, {"red": MASK})


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("draw", [pointing, found])
def test_a_figure_is_drawn_on_either_card_and_told_in_a_sentence(draw, theme):
    fig = draw(theme)
    corner = np.asarray(Image.open(io.BytesIO(fig.png())))[2, 2, :3]

    assert to_hex(corner / 255) == THEMES[theme].card
    assert len(fig.alt) > 20 and fig.alt.endswith(".")


def test_panels_share_one_scale_beside_which_chance_is_told():
    fig = pointing()
    fig.draw_without_rendering()

    assert [ax.get_title("left") for ax in fig.axes[:2]] == ["colour", "shape"]
    assert {(ax.images[0].norm.vmin, ax.images[0].norm.vmax) for ax in fig.axes[:2]} == {(0, 1)}
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == list(BLOCKS)
    assert [label.get_text() for label in fig.axes[2].get_xticklabels()] == ["0", "1"]
    assert fig.axes[2].get_xlabel().endswith("by chance 0.10")


def test_the_text_alternatives_tell_the_best_and_what_is_inside():
    assert "colour, best double.0 head 1 (90 %); shape, best single.0 head 2 (70 %)" in (
        pointing().alt
    )
    assert "red has 75 % of its map inside its border." in found().alt


def test_only_a_word_with_a_mask_has_a_border():
    _, red, left = found().axes

    assert len(red.collections) == 1 and len(left.collections) == 0


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_pointing({}, BLOCKS, 0.1), "panels is empty"),
        (lambda: plot_pointing(SHARES, ("one",), 0.1), r"shape \(2, 3\) for 1 blocks"),
        (lambda: plot_found(pictures(1)[0], {"red": MAP}, {"blue": MASK}), "'blue' has a mask"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
