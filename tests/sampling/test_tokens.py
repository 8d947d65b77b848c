"""Latents ↔ tokens, and noise."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxlearn.sampling.tokens import draw_noise, patchify, token_grid, unpatchify

SIZES = {
    "batch": st.integers(1, 3),
    "channels": st.integers(1, 16),
    "rows": st.integers(1, 6),
    "columns": st.integers(1, 6),
}


@settings(max_examples=30)
@given(**SIZES)
def test_unpatchify_undoes_patchify(batch, channels, rows, columns):
    latents = torch.randn(batch, channels, 2 * rows, 2 * columns)

    again = unpatchify(patchify(latents), 16 * rows, 16 * columns)

    assert torch.equal(again, latents)


@settings(max_examples=30)
@given(**SIZES)
def test_patchify_undoes_unpatchify(batch, channels, rows, columns):
    tokens = torch.randn(batch, rows * columns, 4 * channels)

    again = patchify(unpatchify(tokens, 16 * rows, 16 * columns))

    assert torch.equal(again, tokens)


def test_tokens_are_listed_row_by_row():
    latents = torch.zeros(1, 1, 4, 6)
    latents[0, 0, 2:4, 2:4] = 1

    assert patchify(latents)[0].sum(-1).nonzero().item() == 1 * 3 + 1


def test_the_channel_varies_slowest_inside_a_token():
    latents = torch.arange(2.0 * 2 * 2).reshape(1, 2, 2, 2)

    assert patchify(latents)[0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_picture_of_1024_pixels_has_4096_tokens():
    rows, columns = token_grid(1024, 1024)

    assert rows * columns == 4096


@pytest.mark.parametrize("size", [0, -16, 100, 15.0])
def test_a_size_that_gives_no_whole_tokens_is_refused(size, unchecked_shapes):
    with pytest.raises((ValueError, TypeError), match=r"multiple of 16|int"):
        token_grid(size, 64)


def test_a_seed_gives_the_same_noise_every_time():
    first, second = (draw_noise(2, 4, 32, 48, torch.Generator().manual_seed(5)) for _ in range(2))

    assert torch.equal(first, second)


def test_noise_is_as_coarse_as_bfloat16():
    noise = draw_noise(2, 4, 32, 48, torch.Generator())

    assert noise.dtype == torch.float32
    assert torch.equal(noise, noise.bfloat16().float())


def test_noise_has_mean_0_and_spread_1():
    noise = draw_noise(1, 16, 512, 512, torch.Generator().manual_seed(0))

    # 65 536 values: the mean errs by 0.004, the spread by 0.003.
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02
