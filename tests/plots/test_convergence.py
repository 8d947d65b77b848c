"""The figure of convergence tells by which power errors fall."""

import numpy as np
import pytest
from plots.cards import check_card_and_words, in_theme
from plots.examples import ERRORS, plot_solver_errors

from fluxlearn.plots.convergence import order, plot_convergence


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_stands_on_its_card_and_tells_what_it_shows(theme):
    check_card_and_words(in_theme(plot_solver_errors)(theme), theme)


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_order_is_the_power(power):
    assert order({n: 3 / n**power for n in (16, 2, 4)}) == pytest.approx(power)


def test_curves_run_through_their_points_in_order_of_calls():
    curves = [line for line in plot_solver_errors().axes[0].lines if line.get_marker() != "None"]

    for line, curve in zip(curves, ERRORS.values(), strict=True):
        np.testing.assert_allclose(line.get_xydata(), sorted(curve.items()))


def test_the_text_alternative_tells_ends_and_orders():
    assert "first: 0.5 with 2 calls, 0.062 with 16, order 1.0" in plot_solver_errors().alt


def test_names_that_would_overlap_stand_one_above_the_other():
    same = {name: {1: 1.0, 2: 0.5} for name in ("a", "b", "c")}
    fig = plot_convergence(same)
    names = {t.get_text(): t.xyann[1] for t in fig.axes[0].texts if t.get_text() in same}

    assert np.diff(sorted(names.values())).min() >= 13


@pytest.mark.parametrize("curve", [{2: 0.5}, {0: 1.0, 2: 0.5}, {1: 1.0, 2: 0.0}])
def test_what_has_no_logarithm_is_refused(curve):
    with pytest.raises(ValueError, match="'solver' has the errors"):
        plot_convergence({"solver": curve})
