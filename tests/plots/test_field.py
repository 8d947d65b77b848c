"""Fields and paths are drawn where the points are."""

import numpy as np
import pytest

from fluxlearn.plots.field import REACH, field_grid, plot_field, plot_paths, straightness


def circle(steps, turns):
    """One point on its way round, as a run."""
    angle = 2 * np.pi * turns * np.linspace(0, 1, steps + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None]


def test_arrows_stand_on_the_grid_and_show_the_field():
    field = -field_grid()

    (ax,) = plot_field([np.zeros((1, 2))], ["t = 1"], [field]).axes
    (arrows,) = [c for c in ax.collections if hasattr(c, "U")]

    assert np.allclose(np.stack([arrows.X, arrows.Y], -1), field_grid())
    assert np.allclose(np.stack([arrows.U, arrows.V], -1), field)


def test_the_grid_is_even_and_inside_the_panel():
    assert np.allclose(field_grid().mean(axis=0), 0)
    assert np.abs(field_grid()).max() < REACH


def test_a_straight_path_has_straightness_one_and_a_half_circle_two_by_pi():
    straight = np.linspace([[0.0, 0.0]], [[3.0, 4.0]], 9)

    assert straightness(straight) == pytest.approx(1)
    assert straightness(circle(200, 0.5)) == pytest.approx(2 / np.pi, rel=1e-3)


def test_paths_end_where_the_run_ends():
    run = circle(10, 0.25)

    (ax,) = plot_paths([run], ["run"]).axes

    assert np.allclose(ax.collections[-1].get_offsets(), run[-1])
    assert len(ax.collections) == 10 + 1


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: plot_field([np.zeros((1, 2))], []), "1 clouds came with 0 titles"),
        (lambda: plot_field([np.zeros((1, 2))] * 2, "ab", [field_grid()]), "and 1 fields"),
        (lambda: plot_paths([circle(3, 1)], []), "1 runs came with 0 titles"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_numbers(draw, told):
    with pytest.raises(ValueError, match=told):
        draw()
