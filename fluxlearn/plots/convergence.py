"""Convergence: how near solvers come to the end of a path, by the number of model calls.

    error ≈ c · calls⁻ᵖ                p = 1 for Euler, 2 for Heun and midpoint

Where both axes count in factors, that is a straight line that falls with the slope p.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from fluxlearn.plots.axes import count_in_factors
from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme, lettering

MARKERS = "os^Dv"
SLOPES = {1: "half for twice the calls", 2: "a quarter for twice"}
APART = 13  # points between two names, at least


def plot_convergence(errors: Mapping[str, Mapping[int, float]]) -> Figure:
    """The error of every solver by the number of model calls, both in factors.

    What to see: who is lowest at the number of calls that can be afforded. A steeper line pays off
    only from where it crosses the other.

    errors  name of a solver → number of calls → error, both above 0.

    Raises ValueError when a curve has fewer than two points, or a point is not above 0.
    """
    for name, curve in errors.items():
        if len(curve) < 2 or min(curve) <= 0 or min(curve.values()) <= 0:
            raise ValueError(
                f"{name!r} has the errors {dict(curve)}, but two or more are needed, and calls and "
                f"errors above 0, to be drawn in factors."
            )
    fig = new_figure(HALF_PAGE[0] + 0.7, HALF_PAGE[1])
    ax = fig.subplots()
    count_in_factors(ax)
    ax.yaxis.set_major_formatter("{x:.2g}")
    ax.set_xscale("log", base=2)
    for marker, (name, curve) in zip(MARKERS, errors.items(), strict=False):
        calls = sorted(curve)
        heights = [curve[call] for call in calls]
        ax.plot(calls, heights, marker=marker, markersize=6, color=COLOURS["time"], label=name)
    _name_ends(ax, errors)
    _draw_slopes(ax, errors)
    ticks = sorted({2 ** round(np.log2(call)) for curve in errors.values() for call in curve})
    ax.set_xticks(ticks, [f"{tick}" for tick in ticks])
    ax.set(xlabel="model calls", ylabel="distance from the end of the path")
    return described(fig, f"Error by model calls, both in factors. {_told(errors)}")


def order(curve: Mapping[int, float]) -> float:
    """By which power of the calls an error falls between its first and its last point."""
    first, last = min(curve), max(curve)
    return float(np.log(curve[first] / curve[last]) / np.log(last / first))


def _name_ends(ax: Axes, errors: Mapping[str, Mapping[int, float]]) -> None:
    """Names beside the last points, lifted where two would overlap."""
    ends = sorted((curve[max(curve)], name) for name, curve in errors.items())
    points = 72 / ax.figure.dpi
    lowest = -np.inf
    for height, name in ends:
        last = max(errors[name])
        level = float(ax.transData.transform((last, height))[1]) * points
        lifted = max(level, lowest + APART)
        lowest = lifted
        ax.annotate(
            name,
            (last, height),
            xytext=(10, lifted - level),
            textcoords="offset points",
            color=lettering("time"),
            weight="bold",
            va="center",
            annotation_clip=False,
        )


def _draw_slopes(ax: Axes, errors: Mapping[str, Mapping[int, float]]) -> None:
    """Thin lines of slope 1 and 2 through the lower left corner, to hold the curves against."""
    calls = np.array(sorted({call for curve in errors.values() for call in curve}), dtype=float)
    lowest = min(min(curve.values()) for curve in errors.values())
    span = calls[[0, len(calls) // 2]]
    for power, words in SLOPES.items():
        heights = 1.3 * lowest * (span / span[-1]) ** -power
        ax.plot(span, heights, color=current_theme().quiet, linewidth=1, linestyle=(0, (4, 3)))
        ax.annotate(
            words,
            (span[0], heights[0]),
            xytext=(0, 6),
            textcoords="offset points",
            color=current_theme().quiet,
            fontsize=8,
        )


def _told(errors: Mapping[str, Mapping[int, float]]) -> str:
    parts = [
        f"{name}: {curve[min(curve)]:.2g} with {min(curve)} calls, {curve[max(curve)]:.2g} with "
        f"{max(curve)}, order {order(curve):.1f}"
        for name, curve in errors.items()
    ]
    return "; ".join(parts) + "."
