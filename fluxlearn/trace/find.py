"""From what the user wrote to points of a model: globs, and a hint when a name is misspelt."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from fluxlearn.trace.point import Point


class UnknownPointError(ValueError):
    """A name or glob that matches no point of the model."""


class NeverFiredError(RuntimeError):
    """A point that exists but did not occur while it was listened to."""


def points_of(model: Any) -> tuple[Point, ...]:
    """All points of a pipeline or module of ours.

    Raises TypeError for anything that has no table of points.
    """
    if not hasattr(model, "points"):
        raise TypeError(
            f"{type(model).__name__} has no points. Pass a pipeline, a Flux, one of its blocks, "
            f"or an AutoEncoder."
        )
    return model.points()


def owners_of(model: Any) -> frozenset[int]:
    """The identities of all objects that tap on behalf of a model, so that others are ignored."""
    parts = model.parts() if hasattr(model, "parts") else model.modules()
    return frozenset(id(part) for part in parts)


def find(patterns: str | Iterable[str], points: Sequence[Point]) -> dict[str, list[Point]]:
    """The points that each name or glob stands for; `*` also matches dots.

    Raises UnknownPointError, with the nearest names, when one stands for none.
    """
    found = {}
    for pattern in [patterns] if isinstance(patterns, str) else list(patterns):
        if not isinstance(pattern, str):
            raise TypeError(f"{pattern!r} is no point's name; a string or a glob is expected.")
        found[pattern] = [point for point in points if fnmatchcase(point.name, pattern)]
        if not found[pattern]:
            raise UnknownPointError(_unknown(pattern, points))
    if not found:
        raise UnknownPointError("no point was named. List them with fluxlearn.points().")
    return found


def _unknown(pattern: str, points: Sequence[Point]) -> str:
    names = [point.name for point in points]
    near = get_close_matches(pattern, names, n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(near)}?" if near else "List them with fluxlearn.points()."
    return f"{pattern!r} is no point of this model. {hint}"
