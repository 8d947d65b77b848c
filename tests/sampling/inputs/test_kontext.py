"""Kontext: the reference's size, its place, and that it is never denoised."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_autoencoder, tiny_conditioning, tiny_pipeline
from tiny_pictures import SIZE, photograph, pixels

import fluxlearn as fl
from fluxlearn.sampling.inputs.kontext import (
    PREFERRED,
    encode_reference,
    preferred_size,
    resize_reference,
)
from fluxlearn.sampling.picture import to_pil


@pytest.mark.parametrize(("width", "height"), PREFERRED)
def test_a_preferred_size_stays_as_it_is(width, height):
    assert preferred_size(height, width) == (height, width)


@settings(max_examples=20)
@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([32, 128, 512, 1024]))
def test_a_preferred_size_can_be_painted_and_lies_as_the_picture_lies(height, width, size):
    best = preferred_size(height, width, size)

    assert best == preferred_size(width, height, size)[::-1]
    assert all(side > 0 and side % 16 == 0 for side in best)
    assert (best[0] - best[1]) * (height - width) >= 0


def test_a_reference_of_another_size_is_resized_without_being_cut():
    gradient = torch.linspace(-1, 1, 60).expand(3, 30, 60)

    resized = resize_reference(gradient, size=128)

    assert resized.shape[1:] == preferred_size(30, 60, 128) == (96, 176)
    assert resized[0, 0, 0] < -0.95 and resized[0, 0, -1] > 0.95
    assert (resized.diff(dim=2) >= 0).all()


def test_a_reference_of_a_preferred_size_is_shown_bit_for_bit():
    reference = torch.rand(3, 48, 16) * 2 - 1

    assert torch.equal(resize_reference(reference, size=32), reference)


def test_a_reference_stands_one_picture_behind():
    reference = encode_reference(tiny_autoencoder(), pixels(32, 48))

    assert reference.tokens.shape[:2] == reference.ids.shape[:2] == (1, 6)
    assert reference.ids[0].tolist() == [[1, row, column] for row in (0, 1) for column in (0, 1, 2)]


def test_the_picture_has_the_references_size_unless_another_is_asked_for():
    pipe, told = tiny_pipeline(), tiny_conditioning(batch=1)
    reference = photograph(480, 160)

    own, other = (
        pipe.paint(told, reference=reference),
        pipe.paint(told, reference=reference, **SIZE),
    )

    assert own.pixels.shape == (1, 3, 48, 16)
    assert other.pixels.shape == (1, 3, 48, 32)


def test_the_schedule_knows_nothing_of_the_reference():
    pipe, told = tiny_pipeline(), tiny_conditioning(batch=1)

    with_it = pipe.paint(told, reference=photograph(48, 16), **SIZE)

    assert with_it.times == pipe.paint(told, **SIZE).times


def test_a_reference_changes_the_picture_and_its_values_are_as_good_as_a_file():
    pipe, told = tiny_pipeline(), tiny_conditioning(batch=1)
    reference = pixels(48, 16)

    plain = pipe.paint(told, **SIZE).latents
    first = pipe.paint(told, reference=reference, **SIZE).latents
    second = pipe.paint(told, reference=to_pil(reference), **SIZE).latents

    torch.testing.assert_close(first, second, atol=1e-4, rtol=0)
    assert not torch.allclose(first, plain, atol=1e-3)


def test_attention_finds_the_reference_by_its_name():
    pipe = tiny_pipeline()

    with fl.attend(pipe, ("<image>", "<reference>")) as maps:
        pipe.paint(tiny_conditioning(batch=1), reference=photograph(48, 16), **SIZE)

    shares = maps["<image>"].values + maps["<reference>"].values
    assert maps["<reference>"].values.min() > 0
    # The rest looks at the text.
    assert shares.max() < 1
