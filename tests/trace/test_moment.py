"""The moment: which model call is running, and whether it is one of those asked for."""

import pytest

from fluxlearn.trace.moment import (
    Moment,
    current_moment,
    exchange_moment,
    expected_calls,
    happening,
    is_wanted,
)

LATE = Moment(step=3, time=0.25, of=4, branch="uncond")


def test_a_moment_ends_with_its_block_even_after_an_error():
    with pytest.raises(KeyError, match="mine"), happening(LATE):
        assert current_moment() is LATE
        raise KeyError("mine")

    assert current_moment() is None


def test_a_moment_can_be_laid_aside_and_taken_up_again():
    with happening(LATE):
        assert exchange_moment(None) is LATE
        assert current_moment() is None
        assert exchange_moment(LATE) is None
        assert current_moment() is LATE


@pytest.mark.parametrize(
    ("steps", "branch", "wanted"),
    [
        (None, None, True),
        ([0, 3], None, True),
        ([0, 1], None, False),
        (None, "uncond", True),
        ([3], "cond", False),
    ],
)
def test_a_call_is_wanted_when_its_step_and_its_branch_are(steps, branch, wanted):
    with happening(LATE):
        assert is_wanted(steps, branch) is wanted

    assert is_wanted(steps, branch)  # outside a sampler there is nothing to choose from


def test_a_call_a_step_is_expected_and_one_outside_a_sampler():
    with happening(LATE):
        assert (expected_calls(None), expected_calls([0, 3])) == (4, 2)

    assert expected_calls(None) == expected_calls([0, 3]) == 1
