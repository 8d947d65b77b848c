"""Does a picture show what its caption tells?

The picture is read back into things (read.py) and held against the caption's description, clause by
clause as in GenEval (arXiv:2310.11513). A clause is True, False, or None where the caption does not
tell it.

    count       as many things as told, all colours and shapes together
    colour      each told colour is there, as often as told
    shape       each told shape is there, as often as told
    binding     each told pair of colour and shape is there, as often as told
    size        the things so named have the told size
    relation    the things so named lie as told, along the longer of the two offsets
    place       the thing so named has its centre in the told cell of nine
    background  has the told colour
    full        all of these that are told

Size, place and relation are judged on the things the caption names by colour and shape, so they
fail where binding fails. Things too many fail the count, and with it the full clause.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from fluxlearn.toy.captions import Description, Mention
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.read import Reading, Seen, read_picture
from fluxlearn.toy.scene import place_of, relation_of

JUDGED = ("count", "colour", "shape", "binding", "size", "relation", "place", "background")
CLAUSES = (*JUDGED, "full")

Score = dict[str, bool | None]


def score(picture: Float[Tensor, "rgb px_h px_w"], told: Description) -> Score:
    """Judge one picture in −1..1 by one description, clause by clause."""
    return judge(read_picture(picture), told)


def score_all(
    pictures: Float[Tensor, "batch rgb px_h px_w"], told: Sequence[Description]
) -> list[Score]:
    """Judge each picture by its own description.

    Raises ValueError when the numbers differ.
    """
    if len(pictures) != len(told):
        raise ValueError(
            f"{len(pictures)} pictures came with {len(told)} descriptions but each picture needs "
            "its own. Repeat the descriptions when there are several pictures of each."
        )
    return [score(picture, one) for picture, one in zip(pictures, told, strict=True)]


def judge(seen: Reading, told: Description) -> Score:
    """Hold what was read in a picture against what a caption tells."""
    things, mentions = seen.things, told.mentions
    named = [[t for t in things if (t.colour, t.shape) == (m.colour, m.shape)] for m in mentions]
    clauses = {
        "count": len(things) == sum(mention.count for mention in mentions),
        "colour": _at_least(((m.colour, m.count) for m in mentions), (t.colour for t in things)),
        "shape": _at_least(((m.shape, m.count) for m in mentions), (t.shape for t in things)),
        "binding": _at_least(
            (((m.colour, m.shape), m.count) for m in mentions),
            ((t.colour, t.shape) for t in things),
        ),
        "size": _sizes(mentions, named),
        "relation": _relation(mentions, named, told.relation),
        "place": any(place_of(t.x, t.y) == told.place for t in named[0]) if told.place else None,
        "background": seen.background == told.background if told.background else None,
    }
    return clauses | {"full": all(holds for holds in clauses.values() if holds is not None)}


def _at_least(told: Iterable[tuple], seen: Iterable) -> bool:
    """Tell whether everything told is seen as often as told."""
    wanted = Counter()
    for what, count in told:
        wanted[what] += count
    return wanted <= Counter(seen)


def _of_size(mention: Mention, named: list[Seen]) -> list[Seen]:
    return [thing for thing in named if mention.size in (None, thing.size)]


def _sizes(mentions: tuple[Mention, ...], named: list[list[Seen]]) -> bool | None:
    if not any(mention.size for mention in mentions):
        return None
    return all(len(_of_size(m, one)) >= m.count for m, one in zip(mentions, named, strict=True))


def _relation(
    mentions: tuple[Mention, ...], named: list[list[Seen]], relation: str | None
) -> bool | None:
    if relation is None:
        return None
    # A wrong size is the size clause's business, unless only the size tells the two apart.
    first, second = (_of_size(m, one) or one for m, one in zip(mentions[:2], named, strict=False))
    return any(
        relation_of(a.x - b.x, a.y - b.y) == relation for a in first for b in second if a is not b
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One clause over many pictures."""

    clause: str
    n: int  # how many captions tell it
    mean: float  # share of those pictures that meet it
    low: float  # bootstrap 95 % interval of the mean
    high: float
    chance: float  # share of true pictures of other scenes that meet it


def by_chance(
    told: Sequence[Description], split: str, seed: int, max_objects: int = 2
) -> list[Score]:
    """Score true pictures of unrelated scenes of a split against these descriptions."""
    # Another stream than that of prompts() with the same seed, which would be the very scenes.
    rng = np.random.default_rng((seed, 1))
    strangers = scenes(rng, split, max_objects=max_objects)
    return [score(draw(next(strangers)), one) for one in told]


def summarise(
    scores: Sequence[Score], chance: Sequence[Score], n_bootstrap: int = 1000, seed: int = 0
) -> list[Row]:
    """Average scores clause by clause, leaving out clauses that nothing tells.

    chance    what `by_chance` gave for the same descriptions.

    Raises ValueError when the numbers differ.
    """
    if len(scores) != len(chance):
        raise ValueError(
            f"scores has {len(scores)} entries and chance has {len(chance)} but both must belong "
            "to the same descriptions. Call by_chance() on those."
        )
    rng = np.random.default_rng(seed)
    rows = []
    for clause in CLAUSES:
        holds = _told(scores, clause)
        if len(holds) == 0:
            continue
        means = rng.choice(holds, size=(n_bootstrap, len(holds))).mean(axis=1)
        low, high = np.percentile(means, (2.5, 97.5)).tolist()
        mean, lucky = float(holds.mean()), float(_told(chance, clause).mean())
        rows.append(Row(clause=clause, n=len(holds), mean=mean, low=low, high=high, chance=lucky))
    return rows


def _told(scores: Sequence[Score], clause: str) -> np.ndarray:
    """One clause of all scores as 0 and 1, without those that do not tell it."""
    return np.array([one[clause] for one in scores if one[clause] is not None], dtype=float)


def table(rows: Sequence[Row]) -> str:
    """Print rows as a Markdown table."""
    lines = ["| clause | n | mean | 95 % | chance |", "|---|---|---|---|---|"]
    for row in rows:
        interval = f"{row.low:.3f}–{row.high:.3f}"
        lines.append(f"| {row.clause} | {row.n} | {row.mean:.3f} | {interval} | {row.chance:.3f} |")
    return "\n".join(lines)
