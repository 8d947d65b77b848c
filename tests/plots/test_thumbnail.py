"""A thumbnail shows a value's own numbers, laid out as its axes say."""

import numpy as np
import pytest
import torch

from fluxlearn.catalogue import points
from fluxlearn.plots.thumbnail import plot_thumbnail

SIZES = {
    "batch": 2, "img": 6, "txt": 4, "seq": 10, "dim": 12, "head": 3, "head_dim": 8, "pair": 4,
    "hidden": 48, "axis": 3, "patch": 16, "vec": 12, "context": 10, "freq": 256, "channel": 4,
    "height": 4, "width": 6, "rgb": 3, "px_h": 32, "px_w": 48, "feature": 20, "_": 5,
}  # fmt: skip
SHAPES = sorted({point.shape for point in points()})


def drawn(value, words, sizes=SIZES):
    """The numbers of each panel; what is empty is NaN."""
    figure = plot_thumbnail(value, words.split(), sizes)
    return [ax.images[0].get_array().astype(float).filled(np.nan) for ax in figure.axes]


def example(words):
    """Random numbers with these axes."""
    return torch.randn([int(w) if w.isdigit() else SIZES.get(w, 3) for w in words.split()])


@pytest.mark.parametrize("words", SHAPES, ids=lambda words: words or "a single value")
def test_every_kind_of_value_in_the_tables_has_a_thumbnail_or_is_a_number(words):
    figure = plot_thumbnail(example(words), words.split(), SIZES)

    if words in ("", "batch"):
        assert figure is None
    else:
        assert figure.alt.startswith("The first of 2: ")
        assert all(ax.images for ax in figure.axes)


def test_image_tokens_lie_where_they_lie_in_the_picture():
    tokens = example("batch img dim")

    (grid,) = drawn(tokens, "batch img dim")

    np.testing.assert_allclose(grid, tokens[0].norm(dim=-1).reshape(2, 3), rtol=1e-5)


def test_text_and_image_of_the_joint_stream_are_drawn_apart():
    tokens = example("batch seq dim")

    text, image = drawn(tokens, "batch seq dim")

    lengths = tokens[0].norm(dim=-1)
    np.testing.assert_allclose(text, lengths[None, :4], rtol=1e-5)
    np.testing.assert_allclose(image, lengths[4:].reshape(2, 3), rtol=1e-5)


def test_heads_are_tiles_of_one_picture():
    q = example("batch head img head_dim")

    (tiles,) = drawn(q, "batch head img head_dim")

    assert tiles.shape == (2, 3 * 3 + 2)  # three tiles of 2 × 3 and two gaps
    np.testing.assert_allclose(tiles[:, 4:7], q[0, 1].norm(dim=-1).reshape(2, 3), rtol=1e-5)
    assert np.isnan(tiles[:, 3]).all()


def test_positions_are_drawn_as_they_are():
    ids = torch.stack(torch.meshgrid(torch.arange(2.0), torch.arange(3.0), indexing="ij"), dim=-1)
    ids = torch.cat([torch.zeros(2, 3, 1), ids], dim=-1).reshape(1, 6, 3)

    (tiles,) = drawn(ids, "batch img axis")

    row_tile = tiles[:2, 4:7]
    assert row_tile.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_rotations_are_drawn_by_their_cosines():
    angles = torch.rand(1, 1, 10, 4)
    pe = torch.stack([angles.cos(), -angles.sin(), angles.sin(), angles.cos()], -1)

    (cosines,) = drawn(pe.unflatten(-1, (2, 2)), "batch 1 seq pair 2 2")

    np.testing.assert_allclose(cosines, angles[0, 0].cos().T, rtol=1e-5)


def test_latents_are_a_tile_a_channel():
    latent = example("batch channel height width")

    (tiles,) = drawn(latent, "batch channel height width")

    np.testing.assert_allclose(tiles[5:9, 7:13], latent[0, 3], rtol=1e-5)


def test_a_picture_is_a_picture():
    picture = example("batch rgb px_h px_w").clamp(-1, 1)

    figure = plot_thumbnail(picture, ["batch", "rgb", "px_h", "px_w"])

    shown = figure.axes[0].images[0].get_array()
    levels = ((picture[0] + 1) * 127.5).round().permute(1, 2, 0)
    assert (np.asarray(shown) == levels.numpy().astype(np.uint8)).all()


def test_a_long_vector_is_folded_and_keeps_its_order():
    vector = torch.arange(600.0)[None]

    (strip,) = drawn(vector, "batch dim")

    assert strip.shape == (3, 200)
    assert strip.ravel().tolist() == list(range(600))


def test_tokens_without_a_known_grid_stay_in_a_row():
    tokens = example("batch img dim")

    assert drawn(tokens, "batch img dim", {})[0].shape == (1, 6)
    assert drawn(tokens[:, :4], "batch img dim", {})[0].shape == (2, 2)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_drawn_around(bad):
    tokens = example("batch img dim")
    tokens[0, 2] = bad

    assert "lengths" in plot_thumbnail(tokens, ["batch", "img", "dim"], SIZES).alt


def test_low_precision_is_drawn_as_well():
    tokens = example("batch img dim").bfloat16()

    assert plot_thumbnail(tokens, ["batch", "img", "dim"], SIZES) is not None


def test_axes_without_words_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 6, 12\), but its axes are batch, dim"):
        plot_thumbnail(example("batch img dim"), ["batch", "dim"])
