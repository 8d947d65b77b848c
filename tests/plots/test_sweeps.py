"""The figures of sweeps: named axes, a fair scale, and hatching where nothing is known."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from plots.cards import card_of

from fluxlearn.plots.style import COLOURS, THEMES, styled
from fluxlearn.plots.sweeps import plot_sweep

BLOCKS, STEPS = tuple(f"double.{i}" for i in range(3)), (0, 5, 9, 14)
EFFECTS = np.array([[0.1, 0.8, np.nan, 0], [0, -0.4, 0.2, 0.1], [0.3, 0, 0, 0]])


def heat_map(values=EFFECTS):
    return plot_sweep(values, {"block": BLOCKS, "step": STEPS}, "redness")


def bars():
    return plot_sweep(np.array([0.5, np.nan, -0.25]), {"block": BLOCKS}, "redness")


def test_a_heat_map_names_its_axes_and_every_label():
    ax, bar = heat_map().axes

    assert (ax.get_ylabel(), ax.get_xlabel(), bar.get_ylabel()) == ("block", "step", "redness")
    assert [label.get_text() for label in ax.get_yticklabels()] == list(BLOCKS)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "5", "9", "14"]


def test_a_scale_with_two_signs_has_zero_in_its_middle():
    image = heat_map().axes[0].images[0]

    assert (image.norm.vmin, image.norm.vmax) == (-0.8, 0.8)
    with styled("light"):
        assert to_hex(heat_map().axes[0].images[0].cmap(0.5)) in ("#ffffff", "#fefeff", "#fffefe")


def test_a_scale_with_one_sign_begins_at_zero():
    image = heat_map(np.abs(EFFECTS)).axes[0].images[0]

    assert (image.norm.vmin, image.norm.vmax) == (0, 0.8)


def test_numbers_that_are_all_zero_are_drawn():
    assert heat_map(np.zeros((3, 4))).png()


def test_bars_have_the_colour_of_their_sign_and_hatching_where_there_is_none():
    (ax,) = bars().axes
    lengths = [bar.get_width() for bar in ax.patches[:3]]

    assert lengths == [0.5, 0, -0.25]
    assert to_hex(ax.patches[0].get_facecolor()) == COLOURS["image"]
    assert to_hex(ax.patches[2].get_facecolor()) == COLOURS["text"]
    assert [patch.get_hatch() for patch in ax.patches[3:]] == ["/////"]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (heat_map, "the largest is 0.8 at block double.0, step 5; the smallest is -0.4 at block "),
        (heat_map, "1 were not measured."),
        (bars, "Bars of redness by block (3): the largest is 0.5 at block double.0; the smallest"),
    ],
)
def test_the_text_alternative_tells_the_extremes_and_where_they_are(draw, words):
    assert words in draw().alt


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("draw", [heat_map, bars])
def test_a_sweep_is_drawn_on_either_card(draw, theme):
    with styled(theme):
        assert card_of(draw()) == THEMES[theme].card


def test_many_labels_are_thinned_out():
    names = [f"single.{i}" for i in range(57)]
    fig = plot_sweep(np.ones((57, 28)), {"block": names, "step": range(28)}, "distance")

    assert len(fig.axes[0].get_yticks()) == 29
    assert len(fig.axes[0].get_xticks()) == 10


@pytest.mark.parametrize(
    ("values", "axes", "words"),
    [
        (np.ones((2, 2)), {"block": BLOCKS}, r"shape \(2, 2\)"),
        (np.ones((1, 1, 1)), dict.fromkeys("abc", ("x",)), "one or two axes"),
        (np.full(3, np.nan), {"block": BLOCKS}, "all 3 values are NaN"),
    ],
)
def test_what_cannot_be_drawn_is_refused(values, axes, words):
    with pytest.raises(ValueError, match=words):
        plot_sweep(values, axes, "redness")
