"""What a map of a word should find: the words of a caption, each with the mask of what it names.

a large red circle left of a small blue circle

large, red        the first thing
small, blue       the second thing
circle            told of both, so it tells neither apart and is no target
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from fluxlearn.toy.captions import PLURALS, everything
from fluxlearn.toy.draw import masks
from fluxlearn.toy.scene import CANVAS, COLOURS, SHAPES, SIZES, Scene

KINDS = {"size": tuple(SIZES), "colour": tuple(COLOURS), "shape": tuple(SHAPES)}
"""The kinds of word that name a thing, with all their words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A word of a caption and where in the picture that is which it names."""

    picture: int  # which of the pictures that are looked at
    word: str  # as the caption has it
    kind: str  # one of the KINDS
    concept: str  # the same word in the singular
    things: int  # in the picture
    mask: Bool[Tensor, "px_h px_w"]
    other: Bool[Tensor, "px_h px_w"]  # the mask of all other things


def targets(scene: Scene, picture: int = 0) -> Iterator[Target]:
    """The words that the full caption of a scene tells once, in the caption's order."""
    mentions = everything(scene).mentions
    told = [getattr(mention, kind) for mention in mentions for kind in KINDS]
    outlines = masks(scene)
    for mention in mentions:
        words = (mention.size, mention.colour, mention.shape)
        named = torch.tensor([thing.words == words for thing in scene.things])
        for kind in KINDS:
            concept = getattr(mention, kind)
            if told.count(concept) > 1:
                continue
            plural = kind == "shape" and mention.count > 1
            yield Target(
                picture=picture,
                word=PLURALS[concept] if plural else concept,
                kind=kind,
                concept=concept,
                things=len(scene.things),
                mask=_union(outlines[named]),
                other=_union(outlines[~named]),
            )


def _union(outlines: Bool[Tensor, "objects px_h px_w"]) -> Bool[Tensor, "px_h px_w"]:
    return outlines.any(dim=0) if len(outlines) else torch.zeros(CANVAS, CANVAS, dtype=torch.bool)
