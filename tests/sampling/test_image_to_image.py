"""Starting part-way, from a picture."""

import pytest
import torch
from tiny_models import tiny_autoencoder, tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.image_to_image import encode_start, start_part_way
from fluxlearn.sampling.picture import to_pil
from fluxlearn.sampling.schedule import make_schedule

NOISE, START = torch.randn(2, 1, 4, 4, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("steps", "strength", "skipped"),
    # As Python counts in binary: (1 − 0.9) · 10 is a little less than 1, (1 − 0.8) · 50 than 10.
    [(10, 1.0, 0), (10, 0.5, 5), (10, 0.75, 2), (10, 0.9, 0), (50, 0.8, 9), (4, 0.01, 3)],
)
def test_the_share_of_steps_that_is_skipped_is_rounded_down(steps, strength, skipped):
    times = make_schedule(steps, 256).tolist()

    _, left = start_part_way(NOISE, START, times, strength)

    assert left == times[skipped:]


def test_at_full_strength_nothing_of_the_picture_is_left():
    latents, _ = start_part_way(NOISE, START, make_schedule(5, 256).tolist(), 1.0)

    assert torch.equal(latents, NOISE)


def test_the_start_is_the_picture_mixed_with_noise_at_the_first_time():
    latents, left = start_part_way(NOISE, START, [1.0, 0.75, 0.5, 0.25, 0.0], 0.5)

    assert left[0] == 0.5
    assert torch.equal(latents, 0.5 * START + 0.5 * NOISE)


@pytest.mark.parametrize("strength", [0, -0.5, 1.5, float("nan")])
def test_a_strength_outside_its_range_is_refused(strength):
    with pytest.raises(ValueError, match=f"strength is {strength}"):
        start_part_way(NOISE, START, [1.0, 0.0], strength)


def test_a_start_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"Resize it, or pass its height= and width="):
        encode_start(tiny_autoencoder(), torch.zeros(3, 16, 32), 32, 32)


def test_a_start_image_may_be_a_picture_or_its_values():
    values = torch.randint(0, 256, (3, 32, 16)) / 127.5 - 1
    autoencoder = tiny_autoencoder()

    from_image = encode_start(autoencoder, to_pil(values), 32, 16)

    torch.testing.assert_close(from_image, encode_start(autoencoder, values, 32, 16))


def test_painting_from_a_start_image_takes_only_the_steps_that_are_left():
    options = {"steps": 8, "start_image": torch.zeros(3, 32, 32), "strength": 0.5}

    picture = tiny_pipeline().paint(tiny_conditioning(batch=1), **options)

    assert len(picture.times) == 4 + 1
