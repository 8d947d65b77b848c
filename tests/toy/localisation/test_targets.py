"""Words of captions and what they name."""

import re
from itertools import islice

import torch

from fluxlearn.toy.captions import everything, write
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import masks
from fluxlearn.toy.localisation.targets import targets
from fluxlearn.toy.scene import Scene, Thing


def thing(shape: str, colour: str, half_width: float, x: float) -> Thing:
    return Thing(shape=shape, colour=colour, half_width=half_width, x=x, y=64.0)


def scene(*things: Thing) -> Scene:
    return Scene(background="white", things=things)


def test_a_word_told_of_both_things_is_no_target():
    two = scene(thing("circle", "red", 26.0, 32.0), thing("circle", "blue", 14.0, 96.0))

    found = list(targets(two, picture=3))

    assert [(t.kind, t.word) for t in found] == [
        ("size", "large"), ("colour", "red"), ("size", "small"), ("colour", "blue"),
    ]  # fmt: skip
    for target, owner in zip(found, (0, 0, 1, 1), strict=True):
        assert torch.equal(target.mask, masks(two)[owner])
        assert torch.equal(target.other, masks(two)[1 - owner])
        assert (target.picture, target.things) == (3, 2)


def test_a_word_told_of_things_alike_names_them_all():
    alike = scene(thing("cross", "red", 14.0, 32.0), thing("cross", "red", 14.0, 96.0))

    found = {target.kind: target for target in targets(alike)}

    assert (found["shape"].word, found["shape"].concept) == ("crosses", "cross")
    assert torch.equal(found["colour"].mask, masks(alike).any(dim=0))
    assert not found["colour"].other.any()


def test_every_target_stands_in_its_caption_once():
    for i, one in enumerate(islice(scenes(3), 200)):
        words = re.findall(r"\w+", write(everything(one), i))

        for target in targets(one):
            assert words.count(target.word) == 1
            assert target.mask.any() and not (target.mask & target.other).any()
