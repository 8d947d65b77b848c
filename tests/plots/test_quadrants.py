"""The figure of quadrants counts attention as it is given."""

import numpy as np
import pytest

from fluxlearn.plots.quadrants import MOST_CELLS, plot_quadrants

TXT, TOKENS = 3, 12


def attention(tokens=TOKENS):
    """Rows that add up to 1."""
    weights = np.random.default_rng(0).uniform(0.2, 2, (tokens, tokens))
    return weights / weights.sum(axis=1, keepdims=True)


def panels(fig):
    return fig.axes[:4]


def titles(fig):
    return [ax.get_title("left") or ax.get_title() for ax in panels(fig)]


def shown(fig):
    return [np.asarray(ax.images[0].get_array()) for ax in panels(fig)]


def test_the_shares_are_what_each_looks_at():
    matrix = attention()
    text, image = matrix[:TXT].mean(axis=0), matrix[TXT:].mean(axis=0)
    given = [text[:TXT].sum(), text[TXT:].sum(), image[:TXT].sum(), image[TXT:].sum()]
    names = ["T → T", "T → I", "I → T", "I → I"]

    assert titles(plot_quadrants(matrix, TXT)) == [
        f"{name}   {100 * share:.0f} %" for name, share in zip(names, given, strict=True)
    ]


def test_even_attention_has_the_even_shares_and_the_middle_shade():
    fig = plot_quadrants(np.full((8, 8), 1 / 8), 2)

    assert [title.split("   ")[1] for title in titles(fig)] == ["25 %", "75 %"] * 2
    assert [ax.texts[0].get_text() for ax in panels(fig)] == ["even: 25 %", "even: 75 %"] * 2
    for ax in panels(fig):
        np.testing.assert_allclose(ax.images[0].norm(ax.images[0].get_array()), 0.5)


def test_block_means_have_the_shares_of_the_whole():
    matrix = attention(24)
    blocks = matrix.reshape(12, 2, 12, 2).mean(axis=(1, 3))

    assert titles(plot_quadrants(blocks, 3)) == titles(plot_quadrants(matrix, 6))


def test_the_quadrants_are_the_matrix_cut_where_the_text_ends():
    text_text, text_image, image_text, image_image = shown(plot_quadrants(attention(), TXT))
    whole = np.block([[text_text, text_image], [image_text, image_image]])

    np.testing.assert_allclose(whole, TOKENS * attention(), rtol=1e-6)


def test_the_colour_is_that_of_what_is_looked_at():
    fig = plot_quadrants(attention(), TXT)
    colours = [ax.images[0].get_cmap().name for ax in panels(fig)]

    assert colours == ["shades of text", "shades of image"] * 2


def test_many_tokens_are_drawn_as_means_of_blocks():
    matrix = attention(2 * MOST_CELLS + TXT)
    image_image = shown(plot_quadrants(matrix, TXT))[3]
    blocks = matrix[TXT:, TXT:].reshape(MOST_CELLS, 2, MOST_CELLS, 2).mean(axis=(1, 3))

    np.testing.assert_allclose(image_image, len(matrix) * blocks, rtol=1e-6)


def test_blocks_of_unequal_size_keep_what_is_even():
    tokens = MOST_CELLS + 50
    fig = plot_quadrants(np.full((tokens, tokens), 1 / tokens), 7)

    for quadrant in shown(fig):
        np.testing.assert_allclose(quadrant, 1)


def test_the_text_alternative_tells_all_four_shares():
    told = plot_quadrants(np.full((4, 4), 0.25), 1).alt

    assert "T to T 25 % (even: 25 %), T to I 75 % (even: 75 %)" in told
    assert "1 text and 3 image tokens" in told


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("matrix", "txt", "message"),
    [
        (np.ones((2, 4, 4)), 1, r"shape \(2, 4, 4\).*mean over heads"),
        (np.ones((4, 5)), 1, r"shape \(4, 5\)"),
        (np.ones((4, 4)), 0, "txt is 0"),
        (np.ones((4, 4)), 4, "inside the 4 tokens"),
        (np.eye(4) - 0.5, 1, "from -0.5 to 0.5.*before the softmax"),
        (np.diag([1.0, 1, 1, 0]), 1, "not all 0"),
    ],
)
def test_what_is_no_attention_is_refused(matrix, txt, message):
    with pytest.raises(ValueError, match=message):
        plot_quadrants(matrix, txt)
