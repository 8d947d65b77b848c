"""The map of a block's arithmetic: areas are multiplications."""

import pytest
from plots.cards import check_card_and_words, in_theme

from fluxlearn.plots.compute import Layer, plot_compute
from fluxlearn.plots.style import THEMES

BOTH = {"text": 1, "image": 3}
APART = [
    Layer("modulation", 6, {"time": 2}, 2),
    Layer("qkv", 3, BOTH, 2),
    Layer("attention", 1, BOTH, 0),
]
JOINED = [Layer("linear1", 7, BOTH, 1)]


@in_theme
def compute():
    """Two blocks, of four tokens."""
    return plot_compute({"double block": APART, "single block": JOINED})


@pytest.mark.parametrize("theme", THEMES)
def test_a_figure_is_drawn_on_either_card_and_told_in_a_sentence(theme):
    check_card_and_words(compute(theme), theme)


def test_areas_are_multiplications_and_only_own_matrices_hold_weights():
    assert [layer.area for layer in APART] == [12, 12, 4]
    assert [layer.weights for layer in APART] == [12, 6, 0]


def test_a_layer_is_as_wide_as_its_tokens_and_as_high_as_its_work():
    _, single = compute().axes
    text, image = (shape.get_paths()[0].get_extents() for shape in single.collections)

    assert (text.width, image.width) == (1, 3)
    assert text.height == image.height == 7


def test_panels_share_one_scale():
    double, single = compute().axes

    assert double.get_xlim() == single.get_xlim() == (0, 4)
    assert double.get_ylim() == single.get_ylim() == (10, 0)


def test_only_streams_with_weights_of_their_own_are_parted():
    double, single = compute().axes

    # Modulation, two streams and a gap between them, two streams of attention without one.
    assert len(double.collections) == 1 + 3 + 2
    assert len(single.collections) == 2


def test_shares_stand_beside_their_layers():
    double, _ = compute().axes
    words = [text.get_text() for text in double.texts]

    assert words == ["modulation", "43 %", "qkv", "43 %", "attention", "14 %"]


def test_the_text_alternative_tells_weights_and_multiplications():
    told = compute().alt

    assert "double block with 18 dim² weights and 28 dim² multiplications: modulation 43 %" in told
    assert "single block with 7 dim² weights" in told


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "double block has no layers"),
        ([Layer("qkv", 3, {}, 1)], "qkv of double block has work 3 on the tokens {}"),
        ([Layer("qkv", 0, BOTH, 1)], "both must be above 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_numbers(layers, message):
    with pytest.raises(ValueError, match=message):
        plot_compute({"double block": layers})
