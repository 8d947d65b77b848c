"""`compare` names the first difference, both values, and how many there are."""

from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxlearn.exercises.compare import compare

Pair = namedtuple("Pair", "shift scale")


def test_equal_results_have_no_difference():
    result = compare(torch.ones(2, 3), np.ones((2, 3), dtype=np.float32))

    assert result
    assert repr(result) == "no difference in 6 values"


def test_the_first_difference_is_told_with_both_values_and_the_count():
    mine, reference = torch.zeros(2, 3), torch.zeros(2, 3)
    mine[0, 2], mine[1, 1] = 1.5, -4.0

    assert repr(compare(mine, reference)) == (
        "first difference at [0, 2]: mine 1.5, reference 0; 2 of 6 values differ, by at most 4"
    )


@settings(max_examples=20)
@given(place=st.integers(0, 23), size=st.floats(0.01, 100))
def test_one_difference_is_found_wherever_it_is(place, size):
    reference = torch.zeros(2, 3, 4)
    mine = reference.clone()
    mine.view(-1)[place] = size

    index = [int(i) for i in np.unravel_index(place, mine.shape)]

    assert f"at {index}: " in compare(mine, reference).text


@pytest.mark.parametrize(
    ("mine", "reference", "told"),
    [
        ({"vec": 1.0, "pe": 2.0}, {"vec": 1.0, "pe": 3.0}, "at ['pe']: mine 2, reference 3"),
        (Pair(torch.ones(2), 0.0), Pair(torch.ones(2), 1.0), "at .scale: mine 0"),
        ((torch.ones(2), torch.ones(2)), (torch.ones(2), torch.zeros(2)), "at [1][0]: mine 1"),
        ([1, 2], [1, 3], "at [1]: mine 2, reference 3"),
        (torch.ones(2), torch.ones(3), "shapes differ: mine (2,), reference (3,)"),
        ({"q": 1.0}, {"k": 1.0}, "mine has ['q'], reference has ['k']"),
        (float("nan"), 1.0, "mine nan, reference 1; 1 of 1 value differs"),
    ],
)
def test_the_part_that_differs_is_named(mine, reference, told):
    result = compare(mine, reference)

    assert told in result.text
    assert not result


def test_rounding_is_no_difference():
    exact = torch.linspace(-9, 9, 50)

    assert compare(exact * (1 + 1e-6), exact)
    assert not compare(exact * (1 + 1e-6), exact, rtol=1e-7, atol=0)


def test_what_cannot_be_compared_is_refused_by_name():
    with pytest.raises(TypeError, match=r"\['name'\] is an object of str, but tensors"):
        compare({"name": "q"}, {"name": "q"})
