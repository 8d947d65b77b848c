"""A race: contenders take turns, so that whatever slows the machine slows them all alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

Rounds = dict[str, list[float]]
"""What was measured of each contender, round by round; the first contender is ours."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the results."""

    what: str  # was measured
    goal: str  # of the last column that is filled
    ours: float  # the median over the rounds
    against: str = ""  # who took turns with us
    theirs: float | None = None
    ratio: tuple[float, float, float] | None = None  # quartiles of ours / theirs, round by round
    unit: str = "s"  # seconds; or "B", bytes


def take_turns(contenders: dict[str, Callable[[], object]], times: Rounds) -> None:
    """One round: everyone runs once, in the other order than in the round before."""
    order = list(contenders) if len(next(iter(times.values()))) % 2 else list(contenders)[::-1]
    for name in order:
        began = perf_counter()
        contenders[name]()
        times[name].append(perf_counter() - began)


def compare(what: str, goal: str | Mapping[str, str], rounds: Rounds, unit: str = "s") -> list[Row]:
    """Ours against each of the others; a row of its own where it ran alone.

    goal  of all rows, or of some: who we are compared with → goal.
    """
    (_, ours), *others = rounds.items()
    goals = goal if isinstance(goal, Mapping) else dict.fromkeys(["", *rounds], goal)
    if not others:
        return [Row(what=what, goal=goals[""], ours=median(ours), unit=unit)]
    return [
        Row(
            what=what,
            goal=goals.get(name, ""),
            ours=median(ours),
            against=name,
            theirs=median(theirs),
            ratio=quartiles([a / b for a, b in zip(ours, theirs, strict=True)]),
            unit=unit,
        )
        for name, theirs in others
    ]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """What a quarter, half and three quarters of the values lie below."""
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high
