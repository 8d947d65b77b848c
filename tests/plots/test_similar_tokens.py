"""Maps of tokens show who is like whom."""

import numpy as np
import pytest

from fluxlearn.plots.similar_tokens import plot_tokens, similarities


def test_a_token_is_like_itself_whatever_its_length_and_unlike_what_is_at_right_angles():
    values = similarities(np.array([[3.0, 0.0], [0.0, 0.1], [1.0, 1.0]]))

    assert np.allclose(np.diag(values), 1)
    assert values[0, 1] == pytest.approx(0)
    assert values[0, 2] == pytest.approx(0.5**0.5)


def test_the_text_names_the_two_most_alike_of_different_places():
    rows = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])

    assert "stage, b (1) and c (2) by 0.80" in plot_tokens({"stage": rows}, ["a", "b", "c"]).alt


@pytest.mark.parametrize(
    ("rows", "told"),
    [(np.ones((2, 3)), "2 rows for 1 words"), (np.zeros((1, 3)), "1 of them are zero")],
)
def test_what_cannot_be_compared_is_refused_with_the_numbers(rows, told):
    with pytest.raises(ValueError, match=told):
        plot_tokens({"stage": rows}, ["a"])
