"""Control pictures: what the model is shown, and that it is shown in place."""

import torch
from tiny_models import CONTROL, FLUX, tiny_autoencoder, tiny_conditioning, tiny_pipeline
from tiny_pictures import SIZE, photograph, pixels

from fluxlearn.lora import widen_input
from fluxlearn.sampling.inputs.control import control_tokens
from fluxlearn.sampling.tokens import unpatchify


def test_the_tokens_of_a_control_picture_are_its_latent_place_by_place():
    autoencoder = tiny_autoencoder()

    latent = unpatchify(control_tokens(autoencoder, pixels()), **SIZE)

    assert torch.equal(latent, autoencoder.encode(pixels()[None]))


def test_a_model_that_does_not_look_at_its_control_picture_paints_as_without():
    pipe, told = tiny_pipeline(FLUX), tiny_conditioning()
    without = pipe.paint(told, **SIZE).latents

    pipe.flux = widen_input(pipe.flux, CONTROL.in_channels)

    # Sums over twice as many inputs are rounded in another order.
    painted = pipe.paint(told, control=photograph()).latents
    torch.testing.assert_close(painted, without, atol=1e-4, rtol=0)


def test_the_picture_is_as_large_as_its_control_picture():
    picture = tiny_pipeline(CONTROL).paint(tiny_conditioning(batch=1), control=photograph(16, 64))

    assert picture.pixels.shape == (1, 3, 16, 64)
