"""The figures of tokens put every number where its token is."""

import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle
from plots.cards import check_card_and_words, in_theme
from plots.examples import latents, plot_one_patch, plot_token_numbers

from fluxlearn.plots.tokens import plot_patch, plot_token_grid
from fluxlearn.sampling.positions import image_ids
from fluxlearn.sampling.tokens import patchify

WHITE = torch.ones(3, 32, 48)
IDS = image_ids(1, 32, 48)[0].numpy()


def places(fig):
    """Where each number of the sequence is written, as (row, column) of tokens."""
    return {
        int(text.get_text()): (int(text.get_position()[1] // 16), int(text.get_position()[0] // 16))
        for text in fig.axes[0].texts
        if text.get_text().isdecimal()
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("draw", [plot_token_numbers, plot_one_patch])
def test_a_figure_stands_on_its_card_and_tells_what_it_shows(draw, theme):
    check_card_and_words(in_theme(draw)(theme), theme)


def test_numbers_run_row_by_row():
    fig = plot_token_grid(WHITE, IDS)

    assert places(fig) == {n: divmod(n, 3) for n in range(6)}


def test_wrong_ids_are_seen_as_numbers_in_the_wrong_places():
    fig = plot_token_grid(torch.ones(3, 48, 32), IDS[:, [0, 2, 1]])

    assert places(fig) == {n: divmod(n, 3)[::-1] for n in range(6)}


def test_a_token_is_named_by_its_row_and_column():
    written = {text.get_text() for text in plot_token_grid(WHITE, IDS).axes[0].texts}

    assert {"0, 0", "0, 2", "1, 2"} <= written


def test_the_frames_cut_out_what_the_token_holds():
    values = latents()
    token = patchify(torch.from_numpy(values)[None])[0, 1 * 3 + 2].numpy()
    left, right, *_ = plot_patch(values, token, row=1, column=2).axes

    sheet = np.asarray(left.images[0].get_array())
    frames = [patch for patch in left.patches if isinstance(patch, Rectangle)]
    corners = [(round(f.get_y() + 0.5), round(f.get_x() + 0.5)) for f in frames]
    framed = [sheet[y : y + 2, x : x + 2].ravel() for y, x in corners]
    np.testing.assert_array_equal(np.asarray(right.images[0].get_array()), framed)


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_token_grid(WHITE, IDS[:-1]), "5 tokens stand at 5 places"),
        (lambda: plot_token_grid(WHITE, IDS[[0, 0, 2, 3, 4, 5]]), "stand at 5 places"),
        (lambda: plot_token_grid(WHITE[:, :31], IDS), "48 × 31 pixels"),
        (lambda: plot_token_grid(WHITE, image_ids(1, 272, 16)[0].numpy()), "do not cut evenly"),
        (lambda: plot_patch(latents(), np.ones(11), 0, 0), r"\(11,\).*make 12 values"),
        (lambda: plot_patch(latents(), np.ones(12), 0, 3), "row 0, column 3 is outside the 2 rows"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_numbers(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_more_tokens_than_can_be_read_are_refused():
    side = 17 * 16
    with pytest.raises(ValueError, match="17 rows and 17 columns"):
        plot_token_grid(torch.ones(3, side, side), image_ids(1, side, side)[0].numpy())
