"""The solvers, on paths whose end is known."""

import math

import pytest
import torch

from fluxlearn.flow import interpolate
from fluxlearn.flow import velocity as straight
from fluxlearn.sampling.solvers import SOLVERS, StepTaps, euler, heun, midpoint
from fluxlearn.trace.moment import current_moment

over_solvers = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
START = torch.tensor([[[1.0, -2.0]]], dtype=torch.float64)


def even_times(steps):
    return torch.linspace(1, 0, steps + 1, dtype=torch.float64).tolist()


def run(solver, velocity, steps, x=START):
    return list(solver(velocity, x, even_times(steps), StepTaps()))


def bent(x, time):
    """dx/dt = 2 t x, so x(t) = x(1) · e^(t² − 1)."""
    return 2 * time * x


def error(solver, steps):
    end = run(solver, bent, steps)[-1].x_next
    return (end - START * math.exp(-1)).abs().max().item()


@over_solvers
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_straight_path_is_followed_exactly_in_any_number_of_steps(solver, steps):
    picture, noise = torch.randn(2, 1, 3, 4, dtype=torch.float64)

    states = run(solver, lambda x, t: straight(picture, noise), steps, x=noise)

    torch.testing.assert_close(states[-1].x_next, picture, atol=1e-14, rtol=0)


@over_solvers
def test_every_point_of_a_straight_path_leads_to_the_same_picture(solver):
    picture, noise = torch.randn(2, 1, 3, 4, dtype=torch.float64)

    for state in run(solver, lambda x, t: straight(picture, noise), 5, x=noise):
        torch.testing.assert_close(state.x0_hat, picture, atol=1e-13, rtol=0)


@pytest.mark.parametrize(("solver", "order"), [(euler, 1), (midpoint, 2), (heun, 2)])
def test_halving_the_steps_divides_the_error_by_two_to_the_order(solver, order):
    measured = math.log2(error(solver, 40) / error(solver, 80))

    # The next term of the error is smaller by about one step length, 1/40.
    assert measured == pytest.approx(order, abs=0.05)


@pytest.mark.parametrize(("solver", "calls"), [(euler, 6), (midpoint, 12), (heun, 11)])
def test_a_state_is_yielded_for_every_model_call(solver, calls):
    asked = []

    states = run(solver, lambda x, t: (asked.append(t), x)[1], steps=6)

    assert len(states) == len(asked) == calls
    assert [state.time for state in states] == asked


@over_solvers
def test_a_state_tells_where_a_point_comes_from_and_leads_to(solver):
    for state in run(solver, bent, steps=4):
        point = interpolate(state.x0_hat, state.eps_hat, state.time)
        torch.testing.assert_close(point, state.x_t)


def test_a_step_starts_where_the_last_one_ended():
    states = run(euler, bent, steps=4)

    for before, after in zip(states, states[1:], strict=False):
        assert after.x_t is before.x_next and after.time == before.next_time


def test_the_last_step_of_heun_does_not_ask_at_time_zero():
    assert min(state.time for state in run(heun, bent, steps=4)) == 0.25


def test_heun_with_one_step_is_euler():
    first, second = (run(solver, bent, steps=1) for solver in (euler, heun))

    assert torch.equal(first[-1].x_next, second[-1].x_next)


@over_solvers
def test_the_model_is_told_the_step_and_time_of_each_call(solver):
    moments = []

    states = run(solver, lambda x, t: (moments.append(current_moment()), x)[1], steps=3)

    assert [(m.step, m.time, m.of) for m in moments] == [(s.index, s.time, 3) for s in states]


@over_solvers
def test_between_two_steps_no_moment_is_left_behind(solver):
    for _ in solver(bent, START, even_times(3), StepTaps()):
        assert current_moment() is None
