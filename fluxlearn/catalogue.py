"""The tables of points of all folders, as one: list them, and have one explained.

fl.points("double.*.img.mod.*")        names and shapes
fl.explain("pe")                       what it is, how it is made, what to look for
"""

from typing import Any

from fluxlearn.autoencoder.points import autoencoder_points
from fluxlearn.config import FLUX_AUTOENCODER, PRESETS
from fluxlearn.model.points import flux_points
from fluxlearn.sampling.points import NOISE, STEPS
from fluxlearn.shapes import AXES
from fluxlearn.text.points import POINTS as TEXT
from fluxlearn.trace.find import find, points_of
from fluxlearn.trace.point import Point


class Points(tuple[Point, ...]):
    """Some points; prints as a table in which the blocks' repetitions are one line."""

    def __repr__(self) -> str:
        rows: dict[str, list[Point]] = {}
        for point in self:
            rows.setdefault(_without_index(point.name), []).append(point)
        lines = [
            f"{name:<30} {f'× {len(group)}' if len(group) > 1 else '':<5} "
            f"[{', '.join(group[0].shape.split())}]  {group[0].meaning}"
            for name, group in rows.items()
        ]
        return "\n".join([*lines, f"{len(self)} points"])


class Explanation(str):
    """A text that prints as it is."""

    __repr__ = str.__str__


def points(pattern: str = "*", model: Any = None) -> Points:
    """The points that a name or glob stands for, in order of execution.

    model  a pipeline or module of ours; FLUX.1-dev's full list without one.

    Raises UnknownPointError, with the nearest names, when there is none.
    """
    (found,) = find([pattern], _table(model)).values()
    return Points(found)


def explain(pattern: str, model: Any = None) -> Explanation:
    """What a point is: shape in words and in FLUX.1's numbers, equation, meaning, what to look for.

    Raises UnknownPointError, with the nearest names, when there is none.
    """
    groups: dict[str, list[Point]] = {}
    for point in points(pattern, model):
        groups.setdefault(_without_index(point.name), []).append(point)
    told = [
        _explained(name if len(group) > 1 else group[0].name, group[0])
        for name, group in groups.items()
    ]
    return Explanation("\n\n".join(told))


def _table(model: Any) -> tuple[Point, ...]:
    if model is not None:
        return points_of(model)
    flux, autoencoder = flux_points(PRESETS["flux-dev"]), autoencoder_points(FLUX_AUTOENCODER)
    return (*TEXT, *NOISE, *flux, *STEPS, *autoencoder)


def _without_index(name: str) -> str:
    words = name.split(".")
    in_block = words[0] in ("double", "single")
    return ".".join("*" if in_block and i == 1 else word for i, word in enumerate(words))


def _explained(name: str, point: Point) -> str:
    words = point.shape.split()
    sizes = [str(AXES[w].flux or w) if w in AXES else w for w in words]
    shape = f"[{', '.join(words)}]  FLUX.1: [{', '.join(sizes)}]" if words else "a single value"
    return "\n".join(
        [
            name,
            f"  shape     {shape}",
            f"  equation  {point.equation}",
            f"  meaning   {point.meaning}",
            f"  look for  {point.look}",
        ]
    )
