"""Measures for sweeps that know what a picture should show: the evaluator's clauses.

meets(prompt, "colour")               does the picture show the prompt's colours?
contrast(source, target, "colour")    1 the source's, −1 the target's, 0 neither or both
"""

from collections.abc import Callable

from fluxlearn.sampling.picture import Picture
from fluxlearn.toy.captions import Description, parse
from fluxlearn.toy.evaluate import CLAUSES, score
from fluxlearn.toy.scene import check_word


def meets(prompt: str, clause: str = "full") -> Callable[[Picture, Picture], bool | None]:
    """Whether a picture meets one clause of a prompt; see `evaluate` for the clauses.

    Raises ValueError for a prompt that cannot be read, an unknown clause, and one that the prompt
    does not tell.
    """
    told = _told(prompt, clause)

    def measure(picture: Picture, baseline: Picture) -> bool | None:
        return score(picture.pixels[0], told)[clause]

    measure.__name__ = f"{clause} of {prompt!r}"
    return measure


def contrast(source: str, target: str, clause: str = "full") -> Callable[[Picture, Picture], int]:
    """Whether a picture meets a clause of one prompt rather than of another: 1, 0 or −1.

    Raises ValueError as `meets` does.
    """
    first, second = _told(source, clause), _told(target, clause)

    def measure(picture: Picture, baseline: Picture) -> int:
        scores = (score(picture.pixels[0], told)[clause] for told in (first, second))
        met, other = (bool(holds) for holds in scores)
        return met - other

    measure.__name__ = f"{clause}: source − target"
    return measure


def _told(prompt: str, clause: str) -> Description:
    check_word(clause, CLAUSES, "clause")
    told = parse(prompt)
    is_told = {
        "size": any(mention.size for mention in told.mentions),
        "relation": told.relation,
        "place": told.place,
        "background": told.background,
    }
    if not is_told.get(clause, True):
        raise ValueError(f"{prompt!r} tells no {clause}, so no picture could fail it.")
    return told
