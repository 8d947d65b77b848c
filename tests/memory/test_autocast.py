"""Autocast computes what a model in bf16 computes, and its gradients arrive in float32."""

import copy

import pytest
import torch
from memory.steps import gradients, loss_of, some_inputs, trainable_flux

from fluxlearn.memory.autocast import autocasting
from fluxlearn.memory.checkpointing import checkpointing


def representable_flux():
    """A model whose weights bf16 can hold, so that keeping them in float32 changes nothing."""
    flux = trainable_flux()
    for parameter in flux.parameters():
        parameter.data = parameter.data.bfloat16().float()
    return flux


def representable_inputs():
    """Inputs that bf16 can hold; times and scales also after the factor 1000."""
    inputs = {name: value.bfloat16().float() for name, value in some_inputs().items()}
    return inputs | {"timesteps": torch.tensor([0.25, 0.5]), "guidance": torch.tensor([2.0, 4.0])}


def test_the_velocity_is_bit_for_bit_that_of_the_model_in_bf16():
    flux, inputs = representable_flux(), representable_inputs()
    half = copy.deepcopy(flux).bfloat16()
    expected = half(**{name: value.bfloat16() for name, value in inputs.items()})

    with autocasting(flux):
        velocity = flux(**inputs)

    assert velocity.dtype == torch.bfloat16
    assert torch.equal(velocity, expected)


def test_gradients_are_in_float32_and_those_of_the_plain_model_up_to_rounding():
    flux, inputs = trainable_flux(), some_inputs()
    plain = loss_of(flux, inputs)
    expected = gradients(flux, plain)

    with autocasting(flux):
        loss = loss_of(flux, inputs)
    given = gradients(flux, loss)

    # bf16 has 8 binary digits: 2⁻⁸ = 0.4 % a rounding, and some 30 roundings in a row.
    torch.testing.assert_close(loss, plain, rtol=0.02, atol=0)
    assert given.keys() == expected.keys()
    for name, gradient in given.items():
        assert gradient.dtype == torch.float32
        assert (gradient - expected[name]).norm() < 0.1 * expected[name].norm(), name


def test_with_checkpointing_loss_and_gradients_are_the_same_bits():
    flux, inputs = trainable_flux(), some_inputs()
    with autocasting(flux):
        plain = loss_of(flux, inputs)
    expected = gradients(flux, plain)

    with checkpointing(flux), autocasting(flux):
        loss = loss_of(flux, inputs)
    given = gradients(flux, loss)

    assert torch.equal(loss, plain)
    assert all(torch.equal(given[name], expected[name]) for name in expected)


def test_weights_in_another_precision_are_refused():
    with pytest.raises(ValueError, match=r"weights are in torch\.bfloat16.*dtype=torch\.float32"):
        with autocasting(trainable_flux().bfloat16()):
            pass
