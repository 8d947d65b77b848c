"""The readout: which word must tell what."""

import pytest
import torch

from fluxlearn.toy.captions import parse
from fluxlearn.toy.readout import FIELDS, Readout, tell
from fluxlearn.toy.train_t5 import t5_tokenizer, vocabulary_texts

TEXT = "a large red circle left of a blue square"


@pytest.fixture(scope="module")
def tokenizer():
    return t5_tokenizer(vocabulary_texts(0))


def words(answers):
    return [of[index] for of, index in zip(FIELDS.values(), answers, strict=True)]


def test_each_mention_tells_its_own_side():
    first, second = tell(parse(TEXT))

    assert words(first) == ["large", "red", "circle", 1, "left of"]
    assert words(second) == [None, "blue", "square", 1, "right of"]


def test_a_thing_alone_tells_its_place():
    first, second = tell(parse("two red circles")), tell(parse("a red circle at the top"))

    assert words(first[0]) == [None, "red", "circle", 2, None]
    assert words(second[0])[-1] == "top"


def test_a_word_is_asked_for_the_mention_it_belongs_to(tokenizer):
    readout, ids = Readout(tokenizer, 1), tokenizer(TEXT, return_tensors="pt").input_ids
    # One channel that is the first mention's answers for four words, then the second's.
    answers = torch.zeros(2, readout.out_features)
    starts = torch.tensor([0, *(len(of) for of in FIELDS.values())]).cumsum(0)[:-1]
    for row, told in enumerate(tell(parse(TEXT))):
        answers[row, starts + torch.tensor(told)] = 20.0
    readout.weight.data, readout.bias.data = (answers[1] - answers[0])[:, None], answers[0]
    txt = (torch.arange(ids.shape[1]) >= 4).float()[None, :, None]

    loss, right = readout(txt, ids, [parse(TEXT)])

    assert right == 1.0 and loss < 1e-4
    assert readout(1 - txt, ids, [parse(TEXT)])[1] == 0.0


def test_features_without_content_tell_nothing(tokenizer):
    readout, ids = Readout(tokenizer, 4), tokenizer(TEXT, return_tensors="pt").input_ids

    loss, _ = readout(torch.zeros(1, ids.shape[1], 4), ids, [parse(TEXT)])

    chance = sum(torch.tensor(float(len(of))).log() for of in FIELDS.values())
    # The bias is random but small.
    torch.testing.assert_close(loss, chance, atol=2.0, rtol=0)
