"""Edits as data: a scene, an instruction, the scene that results, and the pixels that change.

    recolour     make the circle red
    reshape      turn the circle into a square
    resize       make the circle large
    move         move the circle to the top left corner
    remove       remove the circle
    add          add a small blue square right of the circle
    background   make the background black

A thing is named by its shape, and by its colour as well where both things have the same shape.
Whatever the instruction does not name stays where it is, to the pixel.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool
from torch import Tensor

from fluxlearn.toy.captions import PLACE_PHRASES, RELATIONS, Mention, noun_phrase
from fluxlearn.toy.dataset import centres, pick, sample_scene
from fluxlearn.toy.draw import draw
from fluxlearn.toy.scene import (
    BACKGROUNDS,
    COLOURS,
    PLACES,
    SHAPES,
    SIZES,
    SPLITS,
    Scene,
    check_word,
    fits,
    split_of,
)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One instruction with the scene before and after it."""

    kind: str
    source: Scene
    target: Scene
    instruction: str

    @property
    def changed(self) -> Bool[Tensor, "px_h px_w"]:
        """The pixels in which the two pictures differ."""
        return (draw(self.source) != draw(self.target)).any(dim=0)


def edits(
    seed: np.random.Generator | int, split: str = "train", kinds: Collection[str] = ()
) -> Iterator[Edit]:
    """Yield edits without end, all kinds alike often, or only those in `kinds`.

    The source is always a training scene of one or two things; the target belongs to `split`.

    Raises ValueError for an unknown split or kind, and for a kind that cannot lead to the split.
    """
    check_word(split, SPLITS, "split")
    possible = COMBINING if split == "novel" else tuple(KINDS)
    for kind in kinds:
        check_word(kind, possible, f"kind of edit for the split {split}")
    return _edits(np.random.default_rng(seed), split, kinds or possible)


def _edits(rng: np.random.Generator, split: str, kinds: Collection[str]) -> Iterator[Edit]:
    while True:
        kind = pick(rng, kinds)
        while not _is_sound(edit := _sample(rng, kind), split):
            pass
        yield edit


def _sample(rng: np.random.Generator, kind: str) -> Edit:
    """Try a kind of edit on a random scene; the outcome may be out of bounds or no change."""
    scene = sample_scene(rng, "pair" if kind in ("add", "remove") else pick(rng, ("one", "pair")))
    target, instruction = KINDS[kind](scene, int(rng.integers(len(scene.things))), rng)
    # What was added is what a removal takes away.
    source, target = (target, scene) if kind == "add" else (scene, target)
    return Edit(kind=kind, source=source, target=target, instruction=instruction)


def _is_sound(edit: Edit, split: str) -> bool:
    things = edit.target.things
    return (
        edit.source != edit.target
        and fits(things)
        and len({(thing.colour, thing.shape) for thing in things}) == len(things)
        and split_of(edit.source) == "train"
        and split_of(edit.target) == split
    )


def _recolour(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    colour = pick(rng, COLOURS)
    return _changed(scene, i, colour=colour), f"make {_name(scene, i)} {colour}"


def _reshape(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    shape = pick(rng, SHAPES)
    return _changed(scene, i, shape=shape), f"turn {_name(scene, i)} into a {shape}"


def _resize(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    size = "large" if scene.things[i].size == "small" else "small"
    return _changed(scene, i, half_width=SIZES[size]), f"make {_name(scene, i)} {size}"


def _move(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    row, column = (int(cell) for cell in rng.integers(3, size=2))
    thirds = centres(scene.things[i].half_width)
    x, y = float(rng.choice(thirds[column])), float(rng.choice(thirds[row]))
    # "in the top left corner" and "at the top" say where a thing is; a move says where to.
    where = PLACE_PHRASES[PLACES[row][column]].split(maxsplit=1)[1]
    return _changed(scene, i, x=x, y=y), f"move {_name(scene, i)} to {where}"


def _remove(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    return _without(scene, i), f"remove {_name(scene, i)}"


def _add(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    """Remove the first thing; the instruction puts it back."""
    first = scene.things[0]
    mention = Mention(shape=first.shape, colour=first.colour, size=first.size)
    phrases = [phrase for phrase, relation in RELATIONS.items() if relation == scene.relation]
    rest = _without(scene, 0)
    return rest, f"add {noun_phrase(mention)} {pick(rng, phrases)} {_name(rest, 0)}"


def _background(scene: Scene, i: int, rng: np.random.Generator) -> tuple[Scene, str]:
    background = pick(rng, BACKGROUNDS)
    return replace(scene, background=background), f"make the background {background}"


def _changed(scene: Scene, i: int, **fields) -> Scene:
    things = list(scene.things)
    things[i] = replace(things[i], **fields)
    return replace(scene, things=tuple(things))


def _without(scene: Scene, i: int) -> Scene:
    return replace(scene, things=scene.things[:i] + scene.things[i + 1 :])


def _name(scene: Scene, i: int) -> str:
    """Name a thing as briefly as the scene allows."""
    thing = scene.things[i]
    alone = sum(other.shape == thing.shape for other in scene.things) == 1
    return f"the {thing.shape}" if alone else f"the {thing.colour} {thing.shape}"


KINDS = {
    "recolour": _recolour,
    "reshape": _reshape,
    "resize": _resize,
    "move": _move,
    "remove": _remove,
    "add": _add,
    "background": _background,
}
COMBINING = ("recolour", "reshape", "add")  # can bring a held-out combination into a picture
