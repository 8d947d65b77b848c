"""Predictions are written down first and stand beside what came."""

import pytest

from fluxlearn.exercises.predict import predict, reveal

SHAPE = "shape of q"


def test_a_prediction_is_written_down():
    assert repr(predict(SHAPE, (2, 4, 72, 16))) == "shape of q? You expect (2, 4, 72, 16)."
    assert repr(predict(SHAPE, ...)).endswith("write it in the place of the dots.")


@pytest.mark.parametrize(
    ("guess", "truth", "told"),
    [
        ((2, 4), [2, 4], "It is (2, 4): as you expected."),
        ([2, 4], (2, 4), "as you expected"),
        ((2, 4), (4, 2), "It is (4, 2): you expected (2, 4)."),
        (3, 3.16, "It is 3.16: as you expected."),
        (4.0, 3.16, "you expected 4.0"),
        ("noise", 3.16, "you expected noise"),
        ("red", "red", "as you expected"),
        (..., 7, "shape of q? It is 7."),
    ],
)
def test_what_came_stands_beside_it(guess, truth, told):
    predict(SHAPE, guess)

    assert told in reveal(SHAPE, truth)


def test_what_was_not_predicted_is_refused_with_what_was():
    predict(SHAPE, ...)

    with pytest.raises(ValueError, match="'shape of k' was not predicted, only .*'shape of q'"):
        reveal("shape of k", 1)
