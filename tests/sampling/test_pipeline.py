"""From conditioning to picture; the reference tests compare the whole run with diffusers."""

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.image_to_image import encode_start
from fluxlearn.sampling.picture import from_pil, to_pil
from fluxlearn.sampling.solvers import SOLVERS
from fluxlearn.sampling.tokens import unpatchify


def test_a_picture_has_the_size_that_was_asked_for():
    picture = tiny_pipeline().paint(tiny_conditioning(batch=2), height=48, width=32)

    assert picture.pixels.shape == (2, 3, 48, 32)
    assert picture.latents.shape == (2, 4, 6, 4)


def test_a_seed_paints_the_same_picture_again():
    pipeline, told = tiny_pipeline(), tiny_conditioning()

    first, second, other = (pipeline.paint(told, seed=seed) for seed in (1, 1, 2))

    assert torch.equal(first.pixels, second.pixels)
    assert not torch.equal(first.latents, other.latents)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_steps_end_in_the_picture(solver):
    pipeline, told = tiny_pipeline(), tiny_conditioning()

    *_, last = pipeline.steps(told, solver=solver, seed=4)

    latents = pipeline.paint(told, solver=solver, seed=4).latents
    assert torch.equal(unpatchify(last.x_next, 32, 32), latents)


def test_a_prompt_is_painted_alike_alone_and_in_a_batch():
    pipeline, told = tiny_pipeline(), tiny_conditioning(batch=2)

    alone, both = pipeline.paint(told[0]), pipeline.paint(told)

    # The first picture of a batch gets the noise that it gets alone.
    torch.testing.assert_close(both.latents[:1], alone.latents, atol=1e-4, rtol=0)


def test_a_picture_is_its_latents_decoded():
    pipeline = tiny_pipeline()
    picture = pipeline.paint(tiny_conditioning())

    decoded = pipeline.autoencoder.decode(picture.latents).clamp(-1, 1)

    assert torch.equal(decoded, picture.pixels)


def test_a_start_image_at_full_strength_changes_nothing_to_speak_of():
    pipeline, told = tiny_pipeline(), tiny_conditioning(batch=1)
    white = torch.ones(3, 32, 32)

    started = pipeline.paint(told, start_image=white, strength=1.0)

    torch.testing.assert_close(started.latents, pipeline.paint(told).latents, atol=1e-4, rtol=0)


def test_a_single_short_step_hardly_changes_a_start_image():
    pipeline, told = tiny_pipeline(), tiny_conditioning(batch=1)
    start = torch.rand(3, 32, 32) * 2 - 1

    picture = pipeline.paint(told, start_image=start, steps=1000, strength=0.001)

    encoded = encode_start(pipeline.autoencoder, start, 32, 32)
    # The last of 1000 steps starts at t = 0.002, with so much noise and as short a way to go.
    torch.testing.assert_close(picture.latents, encoded, atol=0.03, rtol=0)


def test_painting_remembers_what_it_was_asked_for():
    picture = tiny_pipeline().paint(tiny_conditioning(batch=2), steps=5, seed=9)

    assert (picture.prompt, picture.seed) == (["prompt 0", "prompt 1"], 9)
    assert len(picture.times) == 6


def test_bytes_and_values_are_the_same_picture():
    values = torch.arange(256).reshape(1, 16, 16).expand(3, -1, -1) / 127.5 - 1

    torch.testing.assert_close(from_pil(to_pil(values)), values)


def test_values_outside_the_range_become_black_or_white():
    values = torch.tensor([-7.0, 7.0]).reshape(1, 1, 2).expand(3, -1, -1)

    assert [to_pil(values).getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]


def test_a_value_is_rounded_to_the_nearest_byte():
    values = torch.full((3, 1, 1), 99.6 / 127.5 - 1)

    assert to_pil(values).getpixel((0, 0)) == (100, 100, 100)
