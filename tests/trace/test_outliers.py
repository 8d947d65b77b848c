"""The reducer `outliers`: how far the largest number of a vector sticks out."""

import torch

from fluxlearn.trace.reduce import outliers

AXES = ["batch", "img", "dim"]


def test_four_numbers_are_kept_of_each_vector_as_announced():
    kept = outliers.apply(torch.randn(2, 3, 64), AXES)

    assert kept.shape == (2, 3, 4)
    assert outliers.axes(AXES) == ["batch", "img", "4"]


def test_the_largest_number_is_told_without_its_sign_and_with_its_channel():
    value = torch.randn(1, 1, 64)
    value[0, 0, 10] = -70

    peak, channel, median, _ = outliers.apply(value, AXES)[0, 0].tolist()

    assert (peak, channel) == (70, 10)
    assert 0.3 < median < 1.1  # 0.67 for a bell curve of width 1


def test_kurtosis_is_three_for_a_bell_curve_and_as_large_as_the_vector_for_one_number():
    bell, single = torch.randn(1, 1, 200_000), torch.zeros(1, 1, 1000)
    single[..., 3] = 5

    assert abs(outliers.apply(bell, AXES)[0, 0, 3] - 3) < 0.1
    assert abs(outliers.apply(single, AXES)[0, 0, 3] - 1000) < 3


def test_kurtosis_depends_neither_on_size_nor_on_the_mean():
    value = torch.randn(1, 1, 500)

    first, second = (outliers.apply(x, AXES)[..., 3] for x in (value, 40 * value + 9))

    torch.testing.assert_close(first, second, rtol=1e-3, atol=0)
