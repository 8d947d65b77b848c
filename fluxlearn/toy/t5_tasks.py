"""What the toy's T5 learns from: texts to read and texts to write.

    canonical line   a white background with a small blue square to the right of a large red circle
                     → white ; one large red circle ; left of ; one small blue square

    hidden words     a <extra_id_0> circle on a <extra_id_1> background
                     → <extra_id_0> large red <extra_id_1> white

The first asks for what a caption tells, whatever its wording. The second is T5's own task and needs
no description, so the instructions of edits take part in it as well.

Source: span corruption, arXiv:1910.10683 §3.1.4.
"""

import itertools

import numpy as np

from fluxlearn.toy.captions import Caption, Description, Mention, describe
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.edits import edits
from fluxlearn.toy.scene import OPPOSITE
from fluxlearn.toy.tokenizers import SENTINELS

NUMBERS = ("one", "two", "three")
HIDDEN_SHARE = 0.15  # of the words of a text


def captions_at(seed: int, step: int, count: int, split: str = "train") -> list[Caption]:
    """The captions of the batch that belongs to a step."""
    rng = np.random.default_rng((seed, step))
    return [describe(scene, rng) for scene in itertools.islice(scenes(rng, split), count)]


def canonical(told: Description) -> str:
    """One line for what a caption tells, whatever its wording.

    The left or upper thing comes first: "b right of a" is written "a left of b".
    """
    mentions, relation = told.mentions, told.relation
    if relation in ("right of", "below"):
        mentions, relation = mentions[::-1], OPPOSITE[relation]
    first, *others = (_words(mention) for mention in mentions)
    parts = [told.background, first, relation or told.place, *others]
    return " ; ".join(part for part in parts if part)


def _words(mention: Mention) -> str:
    words = (NUMBERS[mention.count - 1], mention.size, mention.colour, mention.shape)
    return " ".join(word for word in words if word)


def hidden_at(seed: int, step: int, count: int) -> tuple[list[str], list[str]]:
    """Texts with hidden words and what was hidden, for a step: half captions, half instructions."""
    rng = np.random.default_rng((seed, step, 1))
    texts = [caption.text for caption in captions_at(seed + 1, step, count - count // 2)]
    texts += [edit.instruction for edit in itertools.islice(edits(rng), count // 2)]
    read, write = zip(*(hide_words(text, rng) for text in texts), strict=True)
    return list(read), list(write)


def hide_words(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """Hide at least one word; neighbours share one sentinel."""
    words = text.split()
    hidden = rng.random(len(words)) < HIDDEN_SHARE
    hidden[rng.integers(len(words))] = True
    read, write, spans = [], [], 0
    for is_hidden, run in itertools.groupby(zip(words, hidden, strict=True), lambda pair: pair[1]):
        span = [word for word, _ in run]
        if is_hidden and spans < SENTINELS:
            write += [f"<extra_id_{spans}>", *span]
            span, spans = [f"<extra_id_{spans}>"], spans + 1
        read += span
    return " ".join(read), " ".join(write)
