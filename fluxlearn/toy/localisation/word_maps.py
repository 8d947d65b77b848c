"""Maps of all words that are looked for, and how they are taken while a model runs.

    attention   what each place gives to the word's tokens          block by block, head by head
    all_words   what each place gives to all words of the caption   mean over all
    concepts    ConceptAttention's share of the word's concept      double block by double block

Concepts are asked for kind by kind: all colours there are and "background" share out each place,
all shapes and "background", all sizes and "background". The caption plays no part in what is asked.
Both are computed from points alone, so the picture stays as it is to the last bit.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from fluxlearn.sampling.attend import attend, read_labels
from fluxlearn.sampling.concepts import attend_concepts
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.text.labels import Labels
from fluxlearn.toy.localisation.targets import KINDS, Target
from fluxlearn.trace.attention.maps import Maps

BACKGROUND = "background"


class Taken(NamedTuple):
    """The maps of one target."""

    target: Target
    attention: Float[Tensor, "step block head h w"]
    all_words: Float[Tensor, "h w"]
    concepts: Float[Tensor, "step _ h w"]
    blocks: tuple[str, ...]
    times: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class WordMaps:
    """What was seen of all targets, which are the first axis of each tensor."""

    targets: tuple[Target, ...]
    attention: Float[Tensor, "word step block head h w"]
    all_words: Float[Tensor, "word h w"]  # mean over steps, blocks and heads
    concepts: Float[Tensor, "word step _ h w"]  # of the first blocks only, the double ones
    blocks: tuple[str, ...]
    times: tuple[float, ...]  # of the steps; 1 is noise, 0 is the picture
    asked: int  # pictures that were looked at
    kept: int  # those of them that show what their caption tells

    @property
    def masks(self) -> Bool[Tensor, "word px_h px_w"]:
        """Where the things are that the words name."""
        return torch.stack([target.mask for target in self.targets])

    @property
    def others(self) -> Bool[Tensor, "word px_h px_w"]:
        """Where all other things are."""
        return torch.stack([target.other for target in self.targets])

    def of_kind(self, kind: str) -> "WordMaps":
        """Only the words of one kind."""
        rows = [i for i, target in enumerate(self.targets) if target.kind == kind]
        return replace(
            self,
            targets=tuple(self.targets[i] for i in rows),
            attention=self.attention[rows],
            all_words=self.all_words[rows],
            concepts=self.concepts[rows],
        )


class Watch(NamedTuple):
    """Everything that is taken while a batch of captions goes through a model."""

    labels: tuple[Labels, ...]  # of each caption
    attention: Maps  # of every text token
    concepts: dict[str, Maps]  # of each kind of word


@contextmanager
def watching(
    pipe: Pipeline, captions: Sequence[str], steps: Collection[int] | None = None
) -> Iterator[Watch]:
    """Look at every text token, and at the concepts of every kind, while the block runs.

    Raises TypeError for a pipeline that has no T5.
    """
    labels = read_labels(pipe, captions)
    tokens = {str(i): i for i in range(len(labels[0].pieces))}
    with ExitStack() as stack:
        attention = stack.enter_context(attend(pipe, tokens, average=(), steps=steps))
        concepts = {
            kind: stack.enter_context(attend_concepts(pipe, (*words, BACKGROUND), steps=steps))
            for kind, words in KINDS.items()
        }
        yield Watch(labels, attention, concepts)


def take(watch: Watch, rows: Sequence[Iterable[Target]]) -> list[Taken]:
    """The maps of all targets; `rows` are those of each caption of the batch.

    A word of several tokens gets the sum of what they get, as in `attend`.
    """
    h, w = watch.attention.grid
    pattern = "step block batch head (h w) txt -> batch step block head h w txt"
    given = rearrange(watch.attention.seen.values, pattern, h=h, w=w).cpu()
    concepts = {kind: _by_concept(maps) for kind, maps in watch.concepts.items()}
    taken = []
    for row, (labels, targets) in enumerate(zip(watch.labels, rows, strict=True)):
        words = list(labels.regions()["<words>"])
        for target in targets:
            one = Taken(
                target=target,
                attention=given[row][..., list(labels.find(target.word))].sum(dim=-1),
                all_words=given[row][..., words].sum(dim=-1).mean(dim=(0, 1, 2)),
                concepts=concepts[target.kind][target.concept][:, :, row],
                blocks=watch.attention.blocks,
                times=tuple(moment.time for moment in watch.attention.moments),
            )
            taken.append(one)
    return taken


def _by_concept(maps: Maps) -> dict[str, Tensor]:
    return {name: word.values.cpu() for name, word in maps.items()}


def gather(taken: Sequence[Taken], asked: int) -> WordMaps:
    """Put together what was taken of all batches of `asked` pictures.

    Raises ValueError when nothing was taken.
    """
    if not taken:
        raise ValueError(
            f"none of {asked} pictures shows what its caption tells, so no word has a mask. Look "
            f"at more pictures, or at true ones under noise, whose masks are known."
        )
    return WordMaps(
        targets=tuple(one.target for one in taken),
        attention=torch.stack([one.attention for one in taken]),
        all_words=torch.stack([one.all_words for one in taken]),
        concepts=torch.stack([one.concepts for one in taken]),
        blocks=taken[0].blocks,
        times=taken[0].times,
        asked=asked,
        kept=len({one.target.picture for one in taken}),
    )
