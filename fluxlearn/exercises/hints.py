"""Help: three hints, one a call, and the source of a solution."""

from collections import Counter

from fluxlearn.catalogue import Explanation
from fluxlearn.exercises.chapters import find_exercise
from fluxlearn.show import Listing, show

_SHOWN: Counter[str] = Counter()


def hint(name: str) -> Explanation:
    """The next hint of an exercise, from a nudge to nearly the answer; the last one stays.

    Raises ValueError, with the nearest names, when there is no such exercise.
    """
    hints = find_exercise(name).hints
    _SHOWN[name] = min(_SHOWN[name] + 1, len(hints))
    level = _SHOWN[name]
    more = f'  fl.solution("{name}") shows an answer.' if level == len(hints) else ""
    return Explanation(f"{level} of {len(hints)}: {hints[level - 1]}{more}")


def solution(name: str) -> Listing:
    """The source of a right answer, with its file and line: often what the package itself runs.

    Raises ValueError, with the nearest names, when there is no such exercise.
    """
    return show(find_exercise(name).solution)
