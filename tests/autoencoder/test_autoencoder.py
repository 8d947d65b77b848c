"""Pictures ↔ latents; the reference tests compare with diffusers."""

from dataclasses import replace

import pytest
import torch
from tiny_models import AUTOENCODER, tiny_autoencoder

from fluxlearn.autoencoder.autoencoder import AutoEncoder


def pictures(batch=2, height=16, width=24):
    return 2 * torch.rand(batch, 3, height, width) - 1


def test_a_latent_is_eight_times_smaller_a_side():
    assert tiny_autoencoder().encode(pictures(height=16, width=24)).shape == (2, 4, 2, 3)


def test_a_decoded_latent_has_the_size_of_its_picture():
    assert tiny_autoencoder().decode(torch.randn(2, 4, 2, 3)).shape == (2, 3, 16, 24)


def test_a_latent_is_the_mean_moved_and_scaled():
    autoencoder, x = tiny_autoencoder(), pictures()

    mean, _ = autoencoder.moments(x)

    assert torch.equal(autoencoder.encode(x), 0.5 * (mean - 0.1))


def test_decoding_undoes_the_scale_and_the_shift():
    autoencoder, raw = tiny_autoencoder(), torch.randn(2, 4, 2, 3)

    decoded = autoencoder.decode(autoencoder.normalise(raw))

    torch.testing.assert_close(decoded, autoencoder.decoder(raw), atol=1e-4, rtol=1e-4)


def test_samples_scatter_around_the_mean_by_the_standard_deviation():
    autoencoder, one = tiny_autoencoder(), pictures(1, 8, 8)
    mean, log_variance = autoencoder.moments(one)

    many = one.expand(2000, -1, -1, -1)
    samples = autoencoder.encode_sample(many, torch.Generator().manual_seed(0)) / 0.5 + 0.1

    spread = (0.5 * log_variance).exp()
    # 2000 draws: the mean errs by 1/45 of the spread, the spread itself by 1/63.
    assert ((samples.mean(0) - mean[0]) / spread[0]).abs().max() < 0.15
    assert (samples.std(0) / spread[0] - 1).abs().max() < 0.15


def test_pictures_of_a_batch_do_not_see_each_other():
    autoencoder, x = tiny_autoencoder(), pictures()

    together, apart = autoencoder.encode(x), [autoencoder.encode(x[i : i + 1]) for i in range(2)]

    torch.testing.assert_close(torch.cat(apart), together, atol=1e-5, rtol=1e-4)


def test_attention_makes_every_latent_cell_see_the_whole_picture():
    autoencoder, x = tiny_autoencoder(), pictures(batch=1, height=64, width=64)
    other = x.clone()
    other[..., -1, -1] *= -1

    assert (autoencoder.encode(other) != autoencoder.encode(x)).any(dim=1).all()


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_the_number_of_levels_sets_the_size_of_a_latent(levels):
    config = replace(AUTOENCODER, ch_mult=(1,) * levels)

    latent = AutoEncoder(config).encode(pictures(1, 32, 32))

    assert latent.shape[-1] == 32 // config.downscale == 32 // 2 ** (levels - 1)
