"""From the maps of every step, block and head to one map for a word.

    attention, mean       over steps, blocks and heads, as in DAAM, arXiv:2210.04885
    attention, share      the same, over what the place gives to all words of the caption
    attention, doubles    mean over steps, double blocks and their heads
    attention, best       one step, block and head
    concepts, mean        over steps and double blocks: ConceptAttention, arXiv:2502.04320
    concepts, best        one step and block
    mask                  the mask itself, averaged over tokens: the most such maps can reach
    noise                 random numbers: the least

Places differ in how much they look at text at all, and a mean over blocks shows that as well; a
share does not.

Best is what points right most often. It is chosen on the pictures of even number, and every method
is judged on those of odd number: the best of many would look good by luck where it was chosen.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fluxlearn.toy.localisation.scores import coarsen, pointing, refine, to_tokens
from fluxlearn.toy.localisation.word_maps import WordMaps


class Found(NamedTuple):
    """One map for each word, and what it was made of."""

    maps: Float[Tensor, "word h w"]
    place: str


def to_choose_on(maps: WordMaps) -> Bool[np.ndarray, " word"]:
    """Whether a word stands in a picture to choose on; every other is to be judged."""
    return np.array([target.picture % 2 == 0 for target in maps.targets], dtype=bool)


def check_halves(maps: WordMaps, kind: str) -> None:
    """Raise ValueError when there is no word to choose on, or none to judge."""
    on, total = int(to_choose_on(maps).sum()), len(maps.targets)
    if not 0 < on < total:
        raise ValueError(
            f"{on} words of {kind} stand in pictures to choose a head on and {total - on} in those "
            f"to judge it, but each half needs one. Look at more pictures."
        )


def points_by_place(
    maps: Float[Tensor, "word *_ h w"], masks: Bool[Tensor, "word px_h px_w"]
) -> Bool[np.ndarray, "word *_"]:
    """Whether each word's map points right, at every step, block and head by itself."""
    right = [
        pointing(refine(places.flatten(0, -3)), mask.expand(places[..., 0, 0].numel(), -1, -1))
        for places, mask in zip(maps, coarsen(masks), strict=True)
    ]
    return torch.stack(right).reshape(maps.shape[:-2]).numpy()


def find_all(
    maps: WordMaps,
    by_head: Bool[np.ndarray, "word step block head"],
    by_block: Bool[np.ndarray, "word step _"],
    seed: int = 0,
) -> dict[str, Found]:
    """Method → its maps, for words of one kind.

    by_head   what `points_by_place` gives for the attention of these words.
    by_block  and for their concepts.
    """
    choosing, doubles = to_choose_on(maps), maps.concepts.shape[2]
    mean = maps.attention.mean(dim=(1, 2, 3))
    step, block, head = _best(by_head[choosing])
    concept_step, concept_block = _best(by_block[choosing])
    noise = torch.rand(mean.shape, generator=torch.Generator().manual_seed(seed))
    return {
        "attention, mean": Found(mean, "everywhere"),
        "attention, share": Found(mean / maps.all_words, "everywhere"),
        "attention, doubles": Found(maps.attention[:, :, :doubles].mean(dim=(1, 2, 3)), "double.*"),
        "attention, best": Found(
            maps.attention[:, step, block, head],
            f"{maps.blocks[block]} head {head}, t = {maps.times[step]:.2f}",
        ),
        "concepts, mean": Found(maps.concepts.mean(dim=(1, 2)), "double.*"),
        "concepts, best": Found(
            maps.concepts[:, concept_step, concept_block],
            f"{maps.blocks[concept_block]}, t = {maps.times[concept_step]:.2f}",
        ),
        "mask": Found(to_tokens(maps.masks), ""),
        "noise": Found(noise, ""),
    }


def _best(right: Bool[np.ndarray, "word *_"]) -> tuple[int, ...]:
    means = right.mean(axis=0)
    return tuple(int(i) for i in np.unravel_index(means.argmax(), means.shape))
