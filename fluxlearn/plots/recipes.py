"""Recipes side by side: along which way they mix noise in, and how their errors fall with steps.

    straight path     picture + noise = 1
    DDPM's circle     picture² + noise² = 1

Points on one ray from the corner hold picture and noise in one ratio: they are the same mixture,
larger or smaller.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme, lettering

RAYS = 10  # fields between the rays that are drawn
LINES = ("-", "--", (0, (1, 1.5)), "-.")  # of the first curve, the second, …
APART = 13  # dots of a screen between the names of two curves


def plot_mixtures(paths: Mapping[str, Float[np.ndarray, "time 2"]]) -> Figure:
    """How much picture and how much noise a point holds, a dot a step, on the way of each recipe.

    What to see: every ray meets both ways, so each mixture of the one is a mixture of the other.
    Dots are not equally dense: where they crowd, many steps change the mixture little.

    paths  name → amounts of picture and of noise, from one end to the other. The first is drawn
           strongest.

    Raises ValueError without a path.
    """
    if not paths:
        raise ValueError("paths is empty, but at least one way from picture to noise is drawn.")
    fig = new_figure(HALF_PAGE[0], HALF_PAGE[1] + 0.3)
    ax = fig.subplots()
    for angle in np.linspace(0, np.pi / 2, RAYS + 1):
        ends = 1.04 * np.array([np.cos(angle), np.sin(angle)])
        ax.plot(*zip((0, 0), ends, strict=True), color=current_theme().rule, lw=0.8, zorder=0)
    for number, (name, path) in enumerate(paths.items()):
        look = {"linewidth": 1, "linestyle": LINES[0], "marker": "o", "markersize": 4.5}
        ax.plot(*np.asarray(path).T, color=_colour(number), clip_on=False, **look)
        _name_at_the_middle(ax, name, np.asarray(path), number)
    ax.set(xlabel="amount of picture", ylabel="amount of noise", aspect="equal")
    ax.set(xlim=(0, 1.06), ylim=(0, 1.06), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    told = [f"{name}, {_noisy(path)} of {len(path)}" for name, path in paths.items()]
    return described(
        fig,
        f"Ways from picture to noise in the plane of both amounts, a dot a step. Dots with more "
        f"noise than picture: {'; '.join(told)}.",
    )


def plot_errors(
    errors: Mapping[str, Sequence[float]], calls: Sequence[int], floor: float, measure: str
) -> Figure:
    """How errors fall with the number of model calls, both in factors; a curve for each sampler.

    What to see: which curve is low on the left, where calls are few, and whether all meet on the
    right. Below the dashed line no sampler can be told from the data.

    errors   name → one for each number of calls. The first curve is drawn strongest.
    calls    rising.
    floor    the error of the data itself, another draw of it against the first.
    measure  what the errors are.

    Raises ValueError when a curve has not one error for each number of calls.
    """
    for name, curve in errors.items():
        if len(curve) != len(calls):
            raise ValueError(
                f"{name!r} has {len(curve)} errors for {len(calls)} numbers of calls, but each "
                f"needs one."
            )
    fig = new_figure(6.4, 3.5)
    ax = fig.subplots()
    for number, curve in enumerate(errors.values()):
        look = {"linestyle": LINES[number % len(LINES)], "marker": "o", "markersize": 4}
        ax.plot(calls, curve, color=_colour(number), clip_on=False, **look)
    look = {"color": current_theme().quiet, "linewidth": 1, "linestyle": (0, (6, 4))}
    ax.plot([calls[0], calls[-1]], [floor, floor], zorder=0, **look)
    ax.set(xscale="log", yscale="log", xlabel="calls of the network", ylabel=measure)
    ax.set_xticks(calls, [str(count) for count in calls])
    ax.minorticks_off()
    _number_factors(ax, [*np.concatenate([np.asarray(c) for c in errors.values()]), floor])
    ax.spines[:].set_visible(False)
    _name_ends(ax, {name: curve[-1] for name, curve in errors.items()}, calls[-1])
    ax.text(calls[0], floor, "data against data", color=current_theme().quiet, va="bottom", size=9)
    told = [f"{name} from {curve[0]:.2g} to {curve[-1]:.2g}" for name, curve in errors.items()]
    return described(
        fig,
        f"{measure} by calls of the network, {calls[0]} to {calls[-1]}: {'; '.join(told)}. The "
        f"data itself has {floor:.2g}.",
    )


def _colour(number: int) -> str:
    theme = current_theme()
    return COLOURS["time"] if number == 0 else (theme.ink, theme.quiet)[number % 2 == 0]


def _noisy(path: np.ndarray) -> int:
    return int((np.asarray(path)[:, 1] > np.asarray(path)[:, 0]).sum())


def _name_at_the_middle(ax: Axes, name: str, path: np.ndarray, number: int) -> None:
    """Write a name where the way has as much picture as noise: outside an arc, inside a chord."""
    picture, noise = path[np.abs(path[:, 0] - path[:, 1]).argmin()]
    outside = picture + noise > 1.1
    ax.annotate(
        name,
        (picture, noise),
        xytext=(9, 9) if outside else (-9, -9),
        textcoords="offset points",
        ha="left" if outside else "right",
        va="bottom" if outside else "top",
        color=lettering("time") if number == 0 else _colour(number),
        weight="bold",
    )


def _number_factors(ax: Axes, values: Sequence[float]) -> None:
    """Number an axis of factors at halves, ones and twos of its powers of ten."""
    marks = [m * 10.0**power for power in range(-4, 4) for m in (1, 2, 5)]
    shown = [mark for mark in marks if 0.7 * min(values) < mark < 1.4 * max(values)]
    ax.set_yticks(shown, [f"{mark:g}" for mark in shown])
    ax.grid(axis="y", linewidth=0.8)


def _name_ends(ax: Axes, ends: Mapping[str, float], last: float) -> None:
    """Write names beside the last points; names that would overlap are moved up."""
    place = {name: ax.transData.transform((last, end))[1] for name, end in ends.items()}
    numbers = {name: number for number, name in enumerate(ends)}
    lowest = -np.inf
    for name in sorted(ends, key=lambda name: place[name]):
        height = max(place[name], lowest)
        lowest = height + APART * ax.figure.dpi / 72
        ax.annotate(
            name,
            (last, ends[name]),
            xytext=(9, (height - place[name]) * 72 / ax.figure.dpi),
            textcoords="offset points",
            color=lettering("time") if numbers[name] == 0 else _colour(numbers[name]),
            va="center",
            weight="bold",
            annotation_clip=False,
        )
