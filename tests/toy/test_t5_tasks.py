"""What the toy's T5 reads and writes."""

import numpy as np
import pytest

from fluxlearn.toy.captions import parse, write
from fluxlearn.toy.scene import HELD_OUT
from fluxlearn.toy.t5_tasks import canonical, captions_at, hidden_at, hide_words


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "a white background with a small blue square to the right of a large red circle",
            "white ; one large red circle ; left of ; one small blue square",
        ),
        ("a red cross under a blue cross", "one blue cross ; above ; one red cross"),
        ("three small red circles on a black background", "black ; three small red circle"),
        ("there is an orange circle in the top left corner", "one orange circle ; top left"),
    ],
)
def test_the_line_says_what_the_caption_tells(text, line):
    assert canonical(parse(text)) == line


def test_the_line_does_not_depend_on_the_wording():
    told = captions_at(0, 0, 1)[0].tells

    assert {canonical(parse(write(told, seed))) for seed in range(20)} == {canonical(told)}


def test_a_step_always_has_the_same_batch_and_another_step_another():
    assert captions_at(0, 7, 5) == captions_at(0, 7, 5) != captions_at(0, 8, 5)
    assert hidden_at(0, 7, 4) == hidden_at(0, 7, 4) != hidden_at(1, 7, 4)


def test_held_out_combinations_are_never_trained_on():
    mentions = [m for caption in captions_at(0, 0, 500) for m in caption.tells.mentions]

    assert not {(mention.colour, mention.shape) for mention in mentions} & HELD_OUT


def test_what_was_hidden_fills_the_gaps():
    text = "a large red circle left of a small blue square on a white background"

    for seed in range(50):
        read, written = hide_words(text, np.random.default_rng(seed))
        spans = ["", *written.split("<extra_id_")[1:]]
        for span in spans[1:]:
            number, words = span.split("> ", 1)
            read = read.replace(f"<extra_id_{number}>", words.strip())
        assert len(spans) > 1 and read == text


def test_half_of_the_texts_with_hidden_words_are_instructions():
    read, written = hidden_at(0, 0, 8)

    assert len(read) == len(written) == 8
    verbs = ("make", "turn", "move", "remove", "add", "<extra_id_0>")
    assert all(text.split()[0] in verbs for text in read[4:])
