"""The figure of signed modulation shows directions."""

import numpy as np
import pytest
import torch

from fluxlearn.model.modulation import modulate
from fluxlearn.plots.modulation import plot_signed_modulation

BRANCHES = ["double 0 · image MLP", "last layer"]
SHIFT = np.array([[0.5, -3.0, 0.0], [1.0, 2.0, -1.0]])
SCALE = np.array([[0.0, -1.0, 0.25], [np.nan, np.nan, np.nan]])


def drawn():
    return plot_signed_modulation({"shift": SHIFT, "scale": SCALE}, BRANCHES, [1.0, 0.5, 0.25])


def image(panel):
    return drawn().axes[panel].images[0]


def test_zero_is_the_card_and_opposite_numbers_lie_opposite():
    norm = image(0).norm

    np.testing.assert_allclose(norm([0.0, -3.0, 3.0]), [0.5, 0, 1])
    np.testing.assert_allclose(norm(-SHIFT), 1 - norm(SHIFT), atol=1e-12)


def test_every_map_has_its_own_reach():
    assert (image(0).norm.vmax, image(1).norm.vmax) == (3, 1)


def test_a_stronger_number_has_a_stronger_shade():
    sizes = np.linspace(0, 3, 20)

    assert (np.diff(image(0).norm(sizes)) > 0).all()


def test_the_foot_of_the_map_of_scales_says_what_modulate_does():
    labels = [ax.get_xlabel() for ax in drawn().axes]
    x, nothing = torch.randn(1, 4, 8), torch.zeros(1, 1, 8)

    assert any("0 keeps x, −1 erases it" in label for label in labels)
    assert (modulate(x, shift=nothing, scale=nothing) == x).all()
    assert (modulate(x, shift=nothing, scale=nothing - 1) == 0).all()


def test_the_numbers_are_named():
    numbers = {"gate": SHIFT}
    fig = plot_signed_modulation(numbers, BRANCHES, [1.0, 0.5, 0.25], what="channel 7")

    assert any(ax.get_xlabel().startswith("channel 7\nin x + gate") for ax in fig.axes)
    assert "channel 7" in fig.alt


def test_what_is_furthest_from_zero_is_told_with_its_sign():
    assert "shift in double 0 · image MLP at t = 0.50 (−3)" in drawn().alt
    assert "scale in double 0 · image MLP at t = 0.50 (−1)" in drawn().alt


def test_what_is_not_there_is_not_zero():
    shown = image(1).get_array()

    assert np.ma.getmaskarray(shown)[1].all()
    assert drawn().axes[1].patch.get_hatch()


@pytest.mark.usefixtures("unchecked_shapes")
def test_other_rows_are_refused():
    with pytest.raises(ValueError, match=r"gate has the shape \(1, 3\), but there are 2 branches"):
        plot_signed_modulation({"gate": np.ones((1, 3))}, BRANCHES, [1.0, 0.5, 0.25])
