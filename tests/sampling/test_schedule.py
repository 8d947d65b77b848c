"""When the model is asked."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxlearn.sampling.schedule import make_schedule, shift_for, time_shift

STEPS, TOKENS = st.integers(1, 60), st.integers(1, 20_000)


@settings(max_examples=50)
@given(steps=STEPS, tokens=TOKENS, shifted=st.booleans())
def test_a_schedule_runs_from_1_down_to_exactly_0(steps, tokens, shifted):
    times = make_schedule(steps, tokens, shifted)

    assert times.shape == (steps + 1,)
    # As in BFL: e^μ · (1 / e^μ) may be the float32 below 1.
    assert 1 - times[0] <= 2**-24 and times[-1] == 0
    assert (times.diff() < 0).all()


def test_schnell_takes_even_steps():
    assert make_schedule(4, 4096, shifted=False).tolist() == [1, 0.75, 0.5, 0.25, 0]


@pytest.mark.parametrize(
    ("tokens", "mu"), [(256, 0.5), (1024, 0.63), (4080, 1.14729), (4096, 1.15), (6400, 1.54)]
)
def test_the_shift_is_a_line_through_two_published_points(tokens, mu):
    assert shift_for(tokens) == pytest.approx(mu, abs=1e-5)


@settings(max_examples=50)
@given(mu=st.floats(-2, 3), t=st.floats(0.01, 0.99))
def test_shifting_adds_mu_to_the_logit_of_time(mu, t):
    t = torch.tensor([t], dtype=torch.float64)

    shifted = time_shift(mu, t)

    torch.testing.assert_close(shifted.logit(), t.logit() + mu, atol=1e-9, rtol=0)


@settings(max_examples=50)
@given(mu=st.floats(-2, 3))
def test_shifting_back_undoes_a_shift(mu):
    times = torch.linspace(0, 1, 11, dtype=torch.float64)

    torch.testing.assert_close(time_shift(-mu, time_shift(mu, times)), times)


def test_no_shift_moves_no_time():
    times = torch.linspace(0, 1, 11)

    torch.testing.assert_close(time_shift(0.0, times), times)


def test_a_larger_picture_spends_more_steps_near_noise():
    assert (make_schedule(20, 4096)[1:-1] > make_schedule(20, 256)[1:-1]).all()


@pytest.mark.parametrize("steps", [0, -3, 2.5, True, "20"])
def test_a_number_of_steps_that_is_none_is_refused(steps, unchecked_shapes):
    with pytest.raises(Exception, match="steps"):
        make_schedule(steps, 256)
