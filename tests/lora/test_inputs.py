"""Room for a second picture at the input, which control LoRAs need."""

import pytest
import torch
from tiny_loras import control_file, integers
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn import lora


def wide_inputs(extra):
    """The tiny inputs with something more in every image token."""
    inputs = tiny_inputs()
    return inputs | {"img": torch.cat([inputs["img"], extra * torch.ones(2, 6, 16)], dim=-1)}


def wide_control_lora():
    """A control LoRA for tokens of 16 values of noise and 16 of the control picture."""
    return lora.read(control_file() | {"img_in.lora_A.weight": integers(4, 32) / 100})


def test_what_is_new_in_the_tokens_is_not_looked_at():
    flux = tiny_flux()
    wide = lora.widen_input(flux, 32)
    inputs = wide_inputs(extra=7.0)

    velocity = wide(**inputs)

    # A longer sum in float32, of zeros.
    torch.testing.assert_close(
        velocity, flux(**inputs | {"img": inputs["img"][..., :16]}), atol=1e-5, rtol=0
    )


def test_all_other_weights_are_the_same_memory():
    flux = tiny_flux()
    ours, theirs = flux.state_dict(), lora.widen_input(flux, 32).state_dict()

    apart = {name for name in ours if ours[name].data_ptr() != theirs[name].data_ptr()}

    assert apart == {"img_in.weight"}


def test_a_control_lora_fits_the_wider_model_only():
    flux, control = tiny_flux(), wide_control_lora()
    with pytest.raises(ValueError, match=r"img_in has 16 inputs, not 32.* widen_input"):
        lora.attach(flux, control)

    wide = lora.widen_input(flux, 32)
    lora.attach(wide, control, 0.01)

    torch.manual_seed(1)
    without = wide(**wide_inputs(extra=0.0))
    torch.manual_seed(1)
    assert not torch.allclose(wide(**wide_inputs(extra=1.0)), without, atol=1e-4)


def test_a_narrower_input_and_a_changed_model_are_refused():
    flux = tiny_flux()
    with pytest.raises(ValueError, match="in_channels is 8, but the model takes 16 already"):
        lora.widen_input(flux, 8)

    lora.attach(flux, lora.read(control_file()))
    with pytest.raises(ValueError, match="is at work in this model. Take it off first"):
        lora.widen_input(flux, 32)
