"""The table of published models, and the sizes that cannot be built."""

from dataclasses import MISSING, fields, replace

import pytest
import torch
from tiny_models import AUTOENCODER, FLUX

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.config import FLUX_AUTOENCODER, PRESETS, RELEASES, FluxConfig
from fluxlearn.model.flux import Flux

over_releases = pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)


def count(model_class, config):
    with torch.device("meta"):
        return sum(p.numel() for p in model_class(config).parameters())


def count_by_hand(config):
    """The sum of all layers, each in terms of the width D."""
    D, heads = config.hidden_size, 2 * config.head_dim
    embedder = lambda inputs: inputs * D + D + D * D + D  # noqa: E731
    double = 2 * (18 * D * D + 15 * D + heads)
    single = 15 * D * D + 11 * D + heads
    inputs = (config.in_channels + 1) * D + (config.context_in_dim + 1) * D
    vectors = embedder(256) * (1 + config.guidance_embed) + embedder(config.vec_in_dim)
    last = (D + 1) * config.out_channels + 2 * D * D + 2 * D
    blocks = config.depth * double + config.depth_single_blocks * single
    return inputs + vectors + blocks + last


@over_releases
def test_a_release_has_exactly_the_published_number_of_parameters(release):
    assert count(Flux, release.config) == release.parameters


@over_releases
def test_the_number_of_parameters_follows_from_the_config(release):
    assert count_by_hand(release.config) == release.parameters


def test_reduced_depth_gives_the_model_of_one_billion_parameters():
    config = replace(PRESETS["flux-dev"], depth=2, depth_single_blocks=2)

    assert count(Flux, config) == 1_026_971_200


def test_the_autoencoder_has_the_published_number_of_parameters():
    assert count(AutoEncoder, FLUX_AUTOENCODER) == 83_819_683


@over_releases
def test_a_release_says_where_its_weights_are(release):
    assert release.repo.startswith("black-forest-labs/FLUX.1-")
    assert release.file.startswith("flux1-") and release.file.endswith(".safetensors")


@over_releases
def test_a_release_says_how_it_is_sampled(release):
    assert release.steps in (4, 30, 50)
    assert release.text_length in (128, 256, 512)
    assert (release.guidance > 0) == release.config.guidance_embed


def test_only_schnell_is_neither_shifted_nor_guided():
    plain = {n for n, r in RELEASES.items() if not r.shifted and not r.config.guidance_embed}

    assert plain == {"flux-schnell"}


def test_every_release_has_a_preset():
    assert {name: release.config for name, release in RELEASES.items()} == PRESETS


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("flux-dev", {"noise": 64}),
        ("flux-canny", {"noise": 64, "control": 64}),
        ("flux-fill", {"noise": 64, "masked picture": 64, "mask": 8 * 8 * 2 * 2}),
    ],
)
def test_an_image_token_holds_noise_and_what_steers_it(name, parts):
    assert PRESETS[name].in_channels == sum(parts.values())


def test_no_field_of_a_config_has_a_default():
    assert {field.default for field in fields(FluxConfig)} == {MISSING}


def test_a_width_that_is_no_multiple_of_the_heads_is_refused():
    with pytest.raises(ValueError, match="hidden_size 33 is not a multiple of num_heads 2"):
        replace(FLUX, hidden_size=33)


def test_axes_that_do_not_fill_a_head_are_refused():
    with pytest.raises(ValueError, match=r"sums to 14, but a head has 32 / 2 = 16"):
        replace(FLUX, axes_dim=(4, 4, 6))


def test_an_axis_with_half_a_plane_is_refused():
    with pytest.raises(ValueError, match="odd size; channels turn in pairs"):
        replace(FLUX, axes_dim=(5, 5, 6))


def test_a_negative_number_of_blocks_is_refused():
    with pytest.raises(
        ValueError, match="depth_single_blocks is -1, but a whole number from 0 is expected"
    ):
        replace(FLUX, depth_single_blocks=-1)


def test_norm_groups_that_do_not_divide_a_level_are_refused():
    with pytest.raises(ValueError, match="norm_groups 3 does not divide the level width 8"):
        replace(AUTOENCODER, norm_groups=3)


def test_a_latent_cell_of_flux_is_8_pixels_a_side():
    assert FLUX_AUTOENCODER.downscale == 8
