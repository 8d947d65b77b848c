"""Fill: the kept part of a picture and the mask, token by token."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_models import tiny_autoencoder
from tiny_pictures import half_mask, pixels

from fluxlearn.sampling.inputs.fill import fill_tokens, mask_tokens, to_mask
from fluxlearn.sampling.inputs.pixels import encode_tokens


@settings(max_examples=10)
@given(y=st.integers(0, 47), x=st.integers(0, 31))
def test_a_token_lists_its_pixels_cell_by_cell(y, x):
    mask = torch.zeros(48, 32)
    mask[y, x] = 1

    (place,) = mask_tokens(mask)[0].nonzero()

    # The pixel's number in its cell comes first, then which of the four cells it is.
    token, value = divmod(y, 16)[0] * 2 + x // 16, (y % 8 * 8 + x % 8) * 4 + y // 8 % 2 * 2
    assert place.tolist() == [token, value + x // 8 % 2]


def test_where_nothing_is_masked_the_whole_picture_is_kept():
    autoencoder, nowhere = tiny_autoencoder(), torch.zeros(48, 32)

    tokens = fill_tokens(autoencoder, pixels(), nowhere)

    assert torch.equal(tokens[..., :16], encode_tokens(autoencoder, pixels()))
    assert not tokens[..., 16:].any()


def test_nothing_is_told_of_the_masked_part():
    autoencoder, mask = tiny_autoencoder(), to_mask(half_mask())
    other = torch.where(mask == 1, pixels(seed=1), pixels())

    assert torch.equal(
        fill_tokens(autoencoder, pixels(), mask), fill_tokens(autoencoder, other, mask)
    )


def test_a_mask_may_be_a_picture_or_its_values():
    black_and_white = half_mask()

    values = to_mask(black_and_white)

    assert values.unique().tolist() == [0, 1]
    assert torch.equal(values, to_mask(values))
    assert torch.equal(values, to_mask(black_and_white.convert("1")))
    assert torch.equal(values, to_mask(black_and_white.convert("RGB")))
    assert torch.equal(values, to_mask(values == 1))
    assert torch.equal(to_mask(Image.new("1", (3, 2), 1)), torch.ones(2, 3))
