"""The figure of shifted schedules measures the shift."""

import re

import numpy as np
import pytest

from fluxlearn.plots.shift import plot_shift
from fluxlearn.sampling.schedule import make_schedule, shift_for

STEPS = 8
TOKENS = (256, 1024, 4096, 16384)
EVEN = {"even steps": make_schedule(STEPS, 1, shifted=False).tolist()}
GRIDS = EVEN | {f"{n} tokens": make_schedule(STEPS, n).tolist() for n in TOKENS}


def joined(ax):
    """The places of every step, from row to row."""
    return np.array([line.get_xdata() for line in ax.lines if len(line.get_xdata()) == len(GRIDS)])


def written(ax):
    return [text.get_text() for text in ax.texts]


def test_the_written_distance_is_mu():
    right = plot_shift(GRIDS).axes[1]

    assert written(right) == ["moved by", *(f"{shift_for(n):+.2f}" for n in TOKENS)]


def test_on_the_left_every_step_is_joined_with_itself():
    left = plot_shift(GRIDS).axes[0]

    np.testing.assert_allclose(joined(left), np.array(list(GRIDS.values())).T)


def test_on_the_right_the_joining_lines_are_one_line_moved_along():
    steps = joined(plot_shift(GRIDS).axes[1])

    assert steps.shape == (STEPS - 1, len(GRIDS))  # the ends are at infinity
    np.testing.assert_allclose(
        steps - steps[:, :1], np.tile(steps[0] - steps[0, 0], (7, 1)), atol=1e-4
    )


def test_what_is_no_shift_is_told_as_a_range():
    bent = [t**0.5 for t in EVEN["even steps"]]
    right = plot_shift(EVEN | {"square root": bent}).axes[1]

    # logit √t − logit t = ln(1 + √t) − ln(√t): most for the last of the inner steps, t = 1/8
    most, least = (np.log1p(t**0.5) - 0.5 * np.log(t) for t in (1 / 8, 7 / 8))
    assert written(right) == ["moved by", f"{least:+.2f} … {most:+.2f}"]


def test_a_move_towards_the_picture_has_a_true_minus_sign():
    right = plot_shift({"shifted": GRIDS["256 tokens"], **EVEN}).axes[1]

    assert written(right)[1] == "−0.50"


def test_the_text_alternative_counts_the_steps_above_one_half():
    early = [sum(t > 0.5 for t in grid) for grid in GRIDS.values()]

    told = plot_shift(GRIDS).alt
    assert [int(n) for n in re.findall(r"(?:steps|tokens) (\d+)[,.]", told)] == early


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        (EVEN, "'even steps': 9"),
        (EVEN | {"short": [1.0, 0.5, 0.0]}, "'short': 3"),
        ({"a": [1.0, 0.5, 0.0], "b": [1.0, 0.5, 0.0]}, "four or more"),
        (EVEN | {"rising": EVEN["even steps"][::-1]}, "'rising'"),
        (EVEN | {"in thousandths": [1000 * t for t in EVEN["even steps"]]}, "'in thousandths'"),
    ],
)
def test_what_cannot_be_compared_is_refused(grids, message):
    with pytest.raises(ValueError, match=message):
        plot_shift(grids)
