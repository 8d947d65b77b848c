"""The moons are where they are said to be."""

import pytest
import torch

from fluxlearn.toy.moons import CENTRE, SIZE, WIDTH, draw_moons


def moons(count=4000):
    return draw_moons(count, torch.Generator().manual_seed(0))


def test_they_have_mean_zero_and_spread_one_like_noise():
    points = moons()

    assert points.shape == (4000, 1, 2)
    assert points.mean(dim=(0, 1)).abs().max() < 0.05  # three standard errors
    assert abs(points.square().mean() - 1) < 0.05


def test_every_point_is_near_one_of_two_half_circles():
    x, y = (moons()[:, 0] / SIZE + torch.tensor(CENTRE)).T

    upper = ((x**2 + y**2).sqrt() - 1).abs()
    lower = (((x - 1) ** 2 + (y - 0.5) ** 2).sqrt() - 1).abs()

    assert torch.minimum(upper, lower).max() < 5 * WIDTH
    assert 0.4 < (upper < lower).float().mean() < 0.6


def test_a_seed_gives_the_same_points():
    assert torch.equal(moons(8), moons(8))


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("count", [0, -1, 2.5, True])
def test_a_count_must_be_a_positive_whole_number(count):
    with pytest.raises(ValueError, match=f"count is {count}.*at least 1"):
        moons(count)
