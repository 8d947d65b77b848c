"""A race: contenders take turns, so that whatever slows the machine slows them all alike."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

Times = dict[str, list[float]]
"""Seconds of each contender, round by round; the first contender is ours."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the results."""

    what: str  # was measured
    goal: str  # of the last column that is filled
    seconds: float  # ours: the median over the rounds
    against: str = ""  # who took turns with us
    their_seconds: float | None = None
    ratio: tuple[float, float, float] | None = None  # quartiles of ours / theirs, round by round


def take_turns(contenders: dict[str, Callable[[], object]], times: Times) -> None:
    """One round: everyone runs once, in the other order than in the round before."""
    order = list(contenders) if len(next(iter(times.values()))) % 2 else list(contenders)[::-1]
    for name in order:
        began = perf_counter()
        contenders[name]()
        times[name].append(perf_counter() - began)


def compare(what: str, goal: str, times: Times) -> list[Row]:
    """Ours against each of the others; a row of its own where it ran alone."""
    (_, ours), *others = times.items()
    if not others:
        return [Row(what=what, goal=goal, seconds=median(ours))]
    return [
        Row(
            what=what,
            goal=goal,
            seconds=median(ours),
            against=name,
            their_seconds=median(theirs),
            ratio=quartiles([a / b for a, b in zip(ours, theirs, strict=True)]),
        )
        for name, theirs in others
    ]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """What a quarter, half and three quarters of the values lie below."""
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high
