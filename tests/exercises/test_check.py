"""What a check tells of an answer, stage by stage."""

import pytest
import torch

from fluxlearn.exercises.chapters import find_exercise
from fluxlearn.exercises.check import check

RIGHT = """\
modulate
  ✓ shape      (2, 5, 8)
  ✓ dtype      float32
  ✓ arguments  left as they were
  ✓ values     right for 3 random draws
  ✓ toy-dev    right on what the trained model computes
  ✓ gradients  reach x and shift and scale
  right"""


def in_place(x, shift, scale):
    return x.mul_(1 + scale).add_(shift)


def in_double(x, shift, scale):
    return ((1 + scale) * x + shift).double()


def too_flat(x, shift, scale):
    return ((1 + scale) * x + shift).flatten(1)


def slightly_off(x, shift, scale):
    return (1 + scale) * x + 1.01 * shift


def cut_off(x, shift, scale):
    return ((1 + scale) * x + shift).detach()


def cut_in_part(x, shift, scale):
    return (1 + scale.detach()) * x + shift


def halved_on_the_way_back(x, shift, scale):
    halved = (x + x.detach()) / 2
    return (1 + scale) * halved + shift


def without_return(x, shift, scale):
    (1 + scale) * x + shift


def in_words(x, shift, scale):
    return "(1 + scale) x + shift"


def with_a_typo(x, shift, scale):
    return (1 + scale) * x + offset  # noqa: F821


WRONG = {
    in_place: "✗ arguments  It changes x in place",
    in_double: "✗ dtype      The dtype is float64, but float32 is expected.",
    too_flat: "✗ shape      The shape is (2, 40), but (2, 5, 8) is expected.",
    slightly_off: "✗ values     First difference at [0, 0, 0]: mine ",
    cut_off: "✗ gradients  The values are right, but no gradient reaches x.",
    cut_in_part: "no gradient reaches scale",
    halved_on_the_way_back: "the gradient of x is not: first difference at [0, 0, 0]",
    without_return: "It gave None. Does it return its result?",
    in_words: "It gave an object of str. Return tensors or numbers.",
    with_a_typo: "It raised NameError: name 'offset' is not defined",
}


def test_a_right_answer_is_told_what_was_looked_at():
    verdict = check.modulate(find_exercise("modulate").solution)

    assert repr(verdict) == RIGHT
    assert verdict


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_wrong_answer_is_told_where_it_goes_wrong(answer):
    verdict = check.modulate(answer)

    assert WRONG[answer] in verdict.text
    assert verdict.text.endswith('fl.hint("modulate") helps')
    assert not verdict


def raises(x, shift, scale):
    raise NotImplementedError


def gives_dots(x, shift, scale):
    return ...


def gives_dots_in_a_row(x, shift, scale):
    return ..., ...


@pytest.mark.parametrize("stub", [raises, gives_dots, gives_dots_in_a_row])
def test_an_untouched_stub_is_not_attempted(stub):
    verdict = check.modulate(stub)

    assert repr(verdict) == "modulate: not attempted. Replace the ... and run the cell again."
    assert not verdict


@pytest.mark.usefixtures("unchecked_shapes")
def test_a_result_instead_of_a_function_is_refused_with_the_cure():
    with pytest.raises(TypeError, match="an object of Tensor. Pass my_modulate itself"):
        check.modulate(torch.zeros(2))


def test_checking_leaves_the_random_numbers_alone():
    before = torch.get_rng_state()

    check.modulate(find_exercise("modulate").solution)

    assert torch.equal(before, torch.get_rng_state())
