"""The straight path: identities between x₀, ε, v and x_t."""

from itertools import permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxlearn import flow

# In float64; a division by t or 1 − t magnifies rounding at most twentyfold here.
TOLERANCE = {"atol": 1e-12, "rtol": 0}
TIMES = st.floats(0.05, 0.95)
KINDS = ("x0", "noise", "velocity")
over_pairs = pytest.mark.parametrize(("known", "wanted"), [*permutations(KINDS, 2)])


def on_a_path(t, shape=(2, 3, 4)):
    """A point, and all that can be said of its path."""
    x0, noise = torch.randn(2, *shape, dtype=torch.float64)
    said = {"x0": x0, "noise": noise, "velocity": flow.velocity(x0, noise)}
    return flow.interpolate(x0, noise, t), said


def convert(known, wanted, x_t, value, t):
    return getattr(flow, f"{wanted}_from_{known}")(x_t, value, t)


@over_pairs
@given(t=TIMES)
def test_each_description_of_a_path_gives_every_other(known, wanted, t):
    x_t, said = on_a_path(t)

    found = convert(known, wanted, x_t, said[known], t)

    torch.testing.assert_close(found, said[wanted], **TOLERANCE)


@over_pairs
@given(t=TIMES)
def test_converting_there_and_back_changes_no_prediction(known, wanted, t):
    x_t, prediction = torch.randn(2, 2, 3, 4, dtype=torch.float64)

    there = convert(known, wanted, x_t, prediction, t)

    back = convert(wanted, known, x_t, there, t)
    torch.testing.assert_close(back, prediction, **TOLERANCE)


@over_pairs
def test_each_picture_of_a_batch_may_have_its_own_time(known, wanted):
    t = torch.tensor([0.2, 0.7], dtype=torch.float64)
    x_t, said = on_a_path(t)

    together = convert(known, wanted, x_t, said[known], t)
    apart = [convert(known, wanted, x_t[i], said[known][i], float(t[i])) for i in range(2)]

    torch.testing.assert_close(together, torch.stack(apart), **TOLERANCE)


def test_a_path_starts_at_the_picture_and_ends_in_noise():
    x0, noise = torch.randn(2, 3, 4)

    assert torch.equal(flow.interpolate(x0, noise, 0.0), x0)
    assert torch.equal(flow.interpolate(x0, noise, 1.0), noise)


@given(t=TIMES, step=st.floats(-0.05, 0.05))
def test_the_velocity_is_the_same_all_along_a_path(t, step):
    x0, noise = torch.randn(2, 3, 4, dtype=torch.float64)

    moved = flow.interpolate(x0, noise, t) + step * flow.velocity(x0, noise)

    torch.testing.assert_close(moved, flow.interpolate(x0, noise, t + step), **TOLERANCE)


@given(t=TIMES)
def test_a_point_is_the_mixture_of_what_its_velocity_says(t):
    x_t, v = torch.randn(2, 3, 4, dtype=torch.float64)
    x0, noise = flow.x0_from_velocity(x_t, v, t), flow.noise_from_velocity(x_t, v, t)

    torch.testing.assert_close(flow.interpolate(x0, noise, t), x_t, **TOLERANCE)


def test_pure_noise_under_the_true_velocity_leads_straight_to_the_picture():
    x0, noise = torch.randn(2, 3, 4, dtype=torch.float64)

    found = flow.x0_from_velocity(noise, flow.velocity(x0, noise), 1.0)

    torch.testing.assert_close(found, x0, **TOLERANCE)
