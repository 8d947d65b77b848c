"""Positions as rotations."""

import platform

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxlearn.model import rope as module
from fluxlearn.model.rope import EmbedND, rope, rotate

AXES = (4, 6, 6)
POSITIONS = st.tuples(*[st.integers(0, 60)] * 3)
SHIFTS = st.tuples(*[st.integers(-30, 30)] * 3)


def rotations(*positions):
    """The rotations of tokens at these (reference, row, column)."""
    return EmbedND(10_000, AXES)(torch.tensor([positions], dtype=torch.float32))


def random_heads(tokens, batch=1):
    return torch.randn(batch, 2, tokens, sum(AXES))


@given(first=POSITIONS, second=POSITIONS, shift=SHIFTS)
def test_attention_scores_depend_only_on_relative_position(first, second, shift):
    q, k = random_heads(1), random_heads(1)
    moved = [tuple(p + s for p, s in zip(at, shift, strict=True)) for at in (first, second)]

    score = (rotate(q, rotations(first)) * rotate(k, rotations(second))).sum(-1)
    after = (rotate(q, rotations(moved[0])) * rotate(k, rotations(moved[1]))).sum(-1)

    # Angles of up to 90 radians in float32 are good to 4e-6, for 16 channels of size 1.
    torch.testing.assert_close(score, after, atol=1e-4, rtol=0)


@given(first=POSITIONS, second=POSITIONS)
def test_turning_only_the_key_by_the_difference_gives_the_same_score(first, second):
    q, k = random_heads(1), random_heads(1)
    difference = tuple(b - a for a, b in zip(first, second, strict=True))

    score = (rotate(q, rotations(first)) * rotate(k, rotations(second))).sum(-1)
    expected = (q * rotate(k, rotations(difference))).sum(-1)

    torch.testing.assert_close(score, expected, atol=1e-4, rtol=0)


@given(position=POSITIONS)
def test_rotating_keeps_the_length_of_every_plane(position):
    x = random_heads(1)

    turned = rotate(x, rotations(position))

    lengths = x.unflatten(-1, (-1, 2)).norm(dim=-1)
    torch.testing.assert_close(turned.unflatten(-1, (-1, 2)).norm(dim=-1), lengths)


def test_a_text_token_is_not_turned():
    x = random_heads(1)

    assert torch.equal(rotate(x, rotations((0, 0, 0))), x)


@pytest.mark.parametrize(("axis", "start", "end"), [(0, 0, 4), (1, 4, 10), (2, 10, 16)])
def test_an_axis_turns_only_its_own_channels(axis, start, end):
    x = random_heads(1)

    turned = rotate(x, rotations(tuple(3 * (i == axis) for i in range(3)))) != x

    assert turned[..., start:end].any()
    assert not turned[..., :start].any() and not turned[..., end:].any()


def test_a_plane_is_turned_counterclockwise_by_position_times_frequency():
    one_zero = torch.tensor([1.0, 0.0]).repeat(8)[None, None, None]

    turned = rotate(one_zero, rotations((0, 5, 0))).unflatten(-1, (-1, 2))

    angles = 5 * 10_000 ** (-torch.tensor([0, 2, 4]) / 6)
    expected = torch.stack([angles.cos(), angles.sin()], dim=-1)
    torch.testing.assert_close(turned[0, 0, 0, 2:5], expected, atol=1e-6, rtol=0)


def test_neighbouring_channels_form_a_plane():
    x = torch.zeros(1, 1, 1, 16)
    x[..., 4] = 1

    turned = rotate(x, rotations((0, 1, 0)))

    assert turned.nonzero()[:, -1].tolist() == [4, 5]


def test_frequencies_in_float32_err_by_less_than_1e_5_below_position_200():
    positions = torch.arange(200.0)[None]

    matrices = rope(positions, channels=56, theta=10_000)[0]

    frequencies = 10_000 ** (-torch.arange(0, 56, 2, dtype=torch.float64) / 56)
    angles = positions[0].double()[:, None] * frequencies
    assert (matrices[..., 0, 0] - angles.cos()).abs().max() < 1e-5
    assert (matrices[..., 1, 0] - angles.sin()).abs().max() < 1e-5


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"),
    reason="other processors fuse a multiplication and an addition, and round once less",
)
@given(tokens=st.integers(1, 40), batch=st.integers(1, 3))
def test_complex_numbers_turn_as_matrices_do_bit_for_bit(tokens, batch):
    x, pe = random_heads(tokens, batch), rotations(*[(i % 2, i, 3 * i) for i in range(tokens)])

    by_matrices = module._rotate_by_matrices(x, pe)

    assert torch.equal(module._rotate_by_complex_numbers(x, pe), by_matrices)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_rotating_rounds_only_once_in_low_precision(dtype):
    x, pe = random_heads(7).to(dtype), rotations(*[(0, i, i) for i in range(7)])

    assert torch.equal(rotate(x, pe), rotate(x.float(), pe).to(dtype))
