"""Word maps without a model: noise everywhere, but for what a test plants."""

from itertools import islice

import torch

from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.localisation.scores import to_tokens
from fluxlearn.toy.localisation.targets import targets
from fluxlearn.toy.localisation.word_maps import WordMaps

BLOCKS, TIMES, HEADS, DOUBLES = ("double.0", "double.1", "single.0"), (0.8, 0.3), 2, 2


def planted_maps(count: int = 40) -> WordMaps:
    """Maps of true scenes, half of them with two things, that know nothing."""
    drawn = islice(scenes(5, "test", {"one": 1, "pair": 1}, 2), count)
    found = tuple(target for i, scene in enumerate(drawn) for target in targets(scene, i))
    draw = torch.Generator().manual_seed(5)
    words = len(found)
    return WordMaps(
        targets=found,
        attention=torch.rand(words, len(TIMES), len(BLOCKS), HEADS, 8, 8, generator=draw),
        all_words=torch.ones(words, 8, 8),
        concepts=torch.rand(words, len(TIMES), DOUBLES, 8, 8, generator=draw),
        blocks=BLOCKS,
        times=TIMES,
        asked=count,
        kept=count,
    )


def truth(maps: WordMaps) -> torch.Tensor:
    """The best maps of tokens there can be, [word, h, w]."""
    return to_tokens(maps.masks)
