"""Every method judged on every kind of word and number of things, beside mere chance.

    pointing    the map is largest on the thing that the word names      by chance its area
    other       the map is largest on the other thing                    by chance its area
    overlap     intersection over union                                  by chance at most its area
    AUC         a cell of the thing ranks above one that is not          by chance ½

With one thing in the picture a map that shows any thing is right; with two it must show which. The
interval is a bootstrap over pictures, since the words of one picture stand or fall together. The
threshold of each method is the one with the largest overlap on the pictures that it was chosen on.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fluxlearn.files import write_whole
from fluxlearn.toy.localisation.methods import (
    Found,
    check_halves,
    find_all,
    points_by_place,
    to_choose_on,
)
from fluxlearn.toy.localisation.scores import auc, coarsen, overlap, pointing, refine
from fluxlearn.toy.localisation.targets import KINDS
from fluxlearn.toy.localisation.word_maps import WordMaps

THRESHOLDS = tuple(i / 10 for i in range(10))
GATE = 0.90
"""Pointing that the best method must reach on words of colour and shape."""
GATED = ("colour", "shape")
CONTROLS = ("mask", "noise")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method on one kind of word, in pictures of one or of two things."""

    method: str
    place: str  # which steps, blocks and heads its maps are of
    kind: str
    things: int  # in the picture
    n: int  # words
    pointing: float  # share of words, as are low, high and other
    low: float  # bootstrap 95 % interval of pointing
    high: float
    other: float  # points at the other thing; 0 where there is none
    overlap: float  # mean
    threshold: float  # of overlap, as a share of the way from a map's least value to its largest
    auc: float  # mean
    chance: float  # mean area of the masks: of pointing, and the most that overlap has by chance


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """All that was measured of one model."""

    rows: tuple[Row, ...]
    by_head: dict[str, Float[np.ndarray, "step block head"]]  # kind → pointing of attention
    by_block: dict[str, Float[np.ndarray, "step _"]]  # kind → pointing of ConceptAttention
    blocks: tuple[str, ...]
    times: tuple[float, ...]  # of the steps
    asked: int  # pictures
    kept: int  # those that show what their caption tells

    def best(self) -> tuple[str, float]:
        """The method that points right most often on the words of the gate, and how often.

        It is the best of six where it is judged, which favours it a little.
        """
        names = dict.fromkeys(row.method for row in self.rows if row.method not in CONTROLS)
        means = {name: self.gated(name) for name in names}
        return max(means.items(), key=lambda item: item[1])

    def gated(self, method: str) -> float:
        """How often a method points right on words of colour and shape."""
        rows = [row for row in self.rows if row.method == method and row.kind in GATED]
        return sum(row.pointing * row.n for row in rows) / sum(row.n for row in rows)

    def to_json(self) -> str:
        """Everything as text."""
        arrays = {
            name: {kind: np.round(values, 4).tolist() for kind, values in given.items()}
            for name, given in {"by_head": self.by_head, "by_block": self.by_block}.items()
        }
        plain = {key: getattr(self, key) for key in ("asked", "kept", "blocks", "times")}
        return json.dumps(plain | {"rows": [asdict(row) for row in self.rows]} | arrays, indent=1)

    def save(self, path: Path) -> Path:
        """Write it as JSON, whole or not at all.

        Raises FileNotFoundError when the folder does not exist.
        """
        return write_whole(path, self.to_json() + "\n")


def measure(maps: WordMaps, seed: int = 0) -> Report:
    """Judge every method on every kind of word.

    Raises ValueError when a kind of word is missing in one half of the pictures.
    """
    words = {kind: maps.of_kind(kind) for kind in KINDS}
    for kind, some in words.items():
        check_halves(some, kind)
    by_head = {kind: points_by_place(some.attention, some.masks) for kind, some in words.items()}
    by_block = {kind: points_by_place(some.concepts, some.masks) for kind, some in words.items()}
    found = {
        kind: find_all(some, by_head[kind], by_block[kind], seed) for kind, some in words.items()
    }
    rows = [
        row
        for method in found["colour"]
        for kind, some in words.items()
        for row in _judge((method, kind), some, found[kind][method], seed)
    ]
    judged = {kind: ~to_choose_on(some) for kind, some in words.items()}
    return Report(
        rows=tuple(rows),
        by_head={kind: right[judged[kind]].mean(axis=0) for kind, right in by_head.items()},
        by_block={kind: right[judged[kind]].mean(axis=0) for kind, right in by_block.items()},
        blocks=maps.blocks,
        times=maps.times,
        asked=maps.asked,
        kept=maps.kept,
    )


def _judge(names: tuple[str, str], words: WordMaps, found: Found, seed: int) -> list[Row]:
    """The rows of one method and kind: for one thing in the picture, and for two."""
    maps, masks = refine(found.maps), coarsen(words.masks)
    threshold, overlaps = _threshold(maps, masks, to_choose_on(words))
    scores = {
        "pointing": pointing(maps, masks),
        "other": pointing(maps, coarsen(words.others)),
        "overlap": overlaps,
        "auc": auc(maps, masks),
        "chance": masks.float().mean(dim=(1, 2)),
    }
    scores = {name: values.numpy().astype(float) for name, values in scores.items()}
    pictures, things = np.array([(t.picture, t.things) for t in words.targets]).T
    rows = []
    for number in np.unique(things).tolist():
        here = ~to_choose_on(words) & (things == number)
        if not here.any():
            continue
        low, high = interval(scores["pointing"][here], pictures[here], seed)
        means = {name: float(values[here].mean()) for name, values in scores.items()}
        row = Row(
            method=names[0],
            kind=names[1],
            place=found.place,
            things=number,
            n=int(here.sum()),
            low=low,
            high=high,
            threshold=threshold,
            **means,
        )
        rows.append(row)
    return rows


def _threshold(
    maps: Tensor, masks: Tensor, choosing: Bool[np.ndarray, " word"]
) -> tuple[float, Float[Tensor, " word"]]:
    """The threshold with the largest overlap on some words, and the overlaps of all with it."""
    on = torch.from_numpy(choosing)
    means = [overlap(maps[on], masks[on], threshold).mean() for threshold in THRESHOLDS]
    best = THRESHOLDS[int(torch.stack(means).argmax())]
    return best, overlap(maps, masks, best)


def interval(
    values: np.ndarray, pictures: np.ndarray, seed: int, draws: int = 1000
) -> tuple[float, float]:
    """Bootstrap 95 % interval of a mean, drawing whole pictures with all their words."""
    _, of = np.unique(pictures, return_inverse=True)
    sums, counts = np.bincount(of, weights=values), np.bincount(of)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5)).tolist()
    return low, high
