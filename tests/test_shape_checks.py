"""The net under every other test: shapes are checked, except where models are compiled."""

import jaxtyping
import pytest
import torch

from fluxlearn.model.modulation import modulate


def modulate_with_a_shift_for_each_token():
    """PyTorch broadcasts this without a word; the annotation asks for one shift per picture."""
    tokens, one = torch.zeros(1, 3, 8), torch.zeros(1, 1, 8)
    return modulate(tokens, shift=torch.zeros(1, 3, 8), scale=one)


def test_a_wrong_shape_is_refused_in_tests():
    with pytest.raises(jaxtyping.TypeCheckError, match="shift"):
        modulate_with_a_shift_for_each_token()


def test_one_test_can_switch_the_checks_off(unchecked_shapes):
    assert modulate_with_a_shift_for_each_token().shape == (1, 3, 8)


@pytest.mark.compile
def test_shapes_are_not_checked_where_models_are_compiled():
    assert modulate_with_a_shift_for_each_token().shape == (1, 3, 8)
