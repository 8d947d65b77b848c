"""Endless scenes from a seed, in three splits; nothing is stored.

    one      a thing in one of nine places
    pair     two different things, the first left of, right of, above or below the second
    count    two or three things alike

Pictures are never mirrored: left and right are words here. Sizes are two, and centres lie in nine
places, so that what a caption leaves open is a choice between few pictures. With both drawn freely,
the flow model learned colours and places but crooked outlines. Centres every 8 px helped, and more
so every step to fewer places. Its loss at t = 0.85 on held-out scenes of the same kind, after so
many steps of 32 pictures:

    every 16 px        0.048 → 0.029 (646) → 0.019 (3 202)        0.056 was the end with 8 px
    in nine places     0.020 → 0.015 (1 125) → 0.009 (5 818)
"""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.toy.captions import Caption, describe, everything, write
from fluxlearn.toy.draw import draw
from fluxlearn.toy.scene import (
    BACKGROUNDS,
    CANVAS,
    COLOURS,
    GAP,
    GRID,
    MARGIN,
    PLACE_CLEARANCE,
    RELATION_RATIO,
    SHAPES,
    SIZES,
    SPLITS,
    Scene,
    Thing,
    check_word,
    split_of,
)

MIX = {"one": 0.45, "pair": 0.40, "count": 0.15}
TRIES = 50  # random positions tried before things are put into quadrants


def scenes(
    seed: np.random.Generator | int,
    split: str = "train",
    mix: Mapping[str, float] = MIX,
    max_objects: int = 3,
) -> Iterator[Scene]:
    """Yield scenes of one split without end.

    mix          weight of each kind, in any unit; begin with {"one": 1} and add the rest for an
                 easy-to-hard order.
    max_objects  1, 2 or 3; kinds that need more things are left out.

    Raises ValueError for an unknown split or kind, and when no kind of scene is left.
    """
    check_word(split, SPLITS, "split")
    for kind in mix:
        check_word(kind, MIX, "kind of scene")
    if max_objects not in (1, 2, 3):
        raise ValueError(
            f"max_objects is {max_objects} but a scene has 1 to 3 things. Choose 1, 2 or 3."
        )
    possible = {kind: mix[kind] for kind in mix if max_objects > 1 or kind == "one"}
    if not sum(possible.values()) > 0:
        raise ValueError(
            f"mix is {dict(mix)} but max_objects is {max_objects}, which leaves no kind of scene. "
            'Give "one" a weight, or allow two objects.'
        )
    return _scenes(np.random.default_rng(seed), split, possible, max_objects)


def _scenes(
    rng: np.random.Generator, split: str, mix: Mapping[str, float], max_objects: int
) -> Iterator[Scene]:
    kinds, edges = list(mix), np.cumsum(list(mix.values()))
    while True:
        # The kind is drawn once: a split that refuses many pairs must not change the mix.
        kind = kinds[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]
        while split_of(scene := sample_scene(rng, kind, max_objects)) != split:
            pass
        yield scene


def sample_scene(rng: np.random.Generator, kind: str, max_objects: int = 3) -> Scene:
    """Draw one scene of a kind, of any split."""
    if kind == "one":
        things = _one(rng)
    elif kind == "pair":
        things = _pair(rng)
    else:
        things = _count(rng, 2 if max_objects == 2 else int(rng.integers(2, 4)))
    return Scene(background=pick(rng, BACKGROUNDS), things=things)


def pick(rng: np.random.Generator, choices: Collection[str]) -> str:
    """Draw one of several words, all alike often."""
    return list(choices)[rng.integers(len(choices))]


def on_grid(low: float, high: float) -> list[float]:
    """The grid's positions from low to high, in px."""
    return [float(GRID * i) for i in range(math.ceil(low / GRID), math.floor(high / GRID) + 1)]


def inside(half_width: float) -> list[float]:
    """Where a centre may lie for a thing to keep its margin."""
    return on_grid(MARGIN + half_width, CANVAS - MARGIN - half_width)


def centres(half_width: float) -> tuple[list[float], ...]:
    """Where a centre may lie to be clearly in each third of the picture."""
    third, clear = CANVAS / 3, PLACE_CLEARANCE
    borders = ((0, third - clear), (third + clear, 2 * third - clear), (2 * third + clear, CANVAS))
    return tuple([at for at in inside(half_width) if a <= at <= b] for a, b in borders)


def _half_width(rng: np.random.Generator) -> float:
    return SIZES[pick(rng, SIZES)]


def _one(rng: np.random.Generator) -> tuple[Thing, ...]:
    half_width = _half_width(rng)
    x, y = (float(rng.choice(centres(half_width)[rng.integers(3)])) for _ in range(2))
    return (_thing(pick(rng, SHAPES), pick(rng, COLOURS), half_width, x, y),)


def _pair(rng: np.random.Generator) -> tuple[Thing, ...]:
    """Two things whose relation nobody can dispute, built without trial and error."""
    a, b = _half_width(rng), _half_width(rng)
    furthest = max(inside(a)) - min(inside(b))
    main = rng.choice(on_grid(a + b + GAP, furthest)) * rng.choice((-1, 1))
    limit = min(furthest, abs(main) / RELATION_RATIO)
    offset = (main, rng.choice(on_grid(-limit, limit)))
    at = [_two_on_a_line(rng, a, b, float(d)) for d in offset]
    (first_x, second_x), (first_y, second_y) = at if rng.random() < 0.5 else at[::-1]

    kinds = [(pick(rng, SHAPES), pick(rng, COLOURS)) for _ in range(2)]
    while kinds[0] == kinds[1]:
        kinds[1] = (pick(rng, SHAPES), pick(rng, COLOURS))
    return _thing(*kinds[0], a, first_x, first_y), _thing(*kinds[1], b, second_x, second_y)


def _two_on_a_line(rng, a: float, b: float, offset: float) -> tuple[float, float]:
    """Positions of two things, the first `offset` px behind the second, both inside the margin."""
    seconds = inside(b)
    first = float(rng.choice([at for at in inside(a) if at - offset in seconds]))
    return first, first - offset


def _count(rng: np.random.Generator, number: int) -> tuple[Thing, ...]:
    """Things alike at random positions, or one in a quadrant each where that finds no room."""
    shape, colour, half_width = pick(rng, SHAPES), pick(rng, COLOURS), _half_width(rng)
    for _ in range(TRIES):
        at = rng.choice(inside(half_width), size=(number, 2)).tolist()
        pairs = itertools.combinations(at, 2)
        if min(max(abs(x - u), abs(y - v)) for (x, y), (u, v) in pairs) >= 2 * half_width + GAP:
            break
    else:
        corners = rng.permutation(list(itertools.product((0, CANVAS / 2), repeat=2)))[:number]
        quarter = [at for at in inside(half_width) if at + MARGIN + half_width <= CANVAS / 2]
        at = (corners + rng.choice(quarter, size=(number, 2))).tolist()
    return tuple(_thing(shape, colour, half_width, x, y) for x, y in at)


def _thing(shape: str, colour: str, half_width: float, x: float, y: float) -> Thing:
    return Thing(shape=shape, colour=colour, half_width=half_width, x=x, y=y)


def batch_of(
    source: Iterator[Scene], count: int, rng: np.random.Generator | int
) -> tuple[Float[Tensor, "batch rgb px_h px_w"], list[Caption]]:
    """Take `count` scenes: their pictures, and a caption each in words drawn with `rng`."""
    rng = np.random.default_rng(rng)
    batch = list(itertools.islice(source, count))
    return torch.stack([draw(scene) for scene in batch]), [describe(scene, rng) for scene in batch]


def prompts(split: str, count: int, seed: int, max_objects: int = 2) -> list[Caption]:
    """Captions to judge a model by; they tell everything, so that all clauses are asked.

    Prompts of the splits test and novel occur in no training caption.
    """
    rng = np.random.default_rng(seed)
    some = itertools.islice(scenes(rng, split, max_objects=max_objects), count)
    told = [everything(scene) for scene in some]
    return [Caption(text=write(one, rng), tells=one) for one in told]
