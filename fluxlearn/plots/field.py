"""Points in a plane on their way from noise to data, and the velocities that carry them.

    dx / dt = v(x, t)

A field of arrows shows v everywhere at one time; a path shows where it leads one point.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme, shades

REACH = 2.9  # from the middle of a panel to its edge
ARROWS = 13  # along each side


def field_grid() -> Float[np.ndarray, "_ 2"]:
    """The places at which `plot_field` draws arrows, row by row: where to ask a model."""
    side = np.linspace(-0.92 * REACH, 0.92 * REACH, ARROWS)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def plot_field(
    clouds: Sequence[Float[np.ndarray, "_ 2"]],
    titles: Sequence[str],
    fields: Sequence[Float[np.ndarray, "_ 2"]] = (),
) -> Figure:
    """Clouds of points side by side, with the arrows of a field behind each, if there are fields.

    What to see: arrows point to noise, since velocity does, so points travel against them. Near
    noise all arrows leave one place, the mean of the data; later each is about what is near it.

    clouds  the points at some times, one panel each.
    fields  the velocities at the places of `field_grid()`, one array a panel.

    Raises ValueError when there is not a title, or a field, for every cloud.
    """
    if not len(clouds) or len(titles) != len(clouds) or len(fields) not in (0, len(clouds)):
        raise ValueError(
            f"{len(clouds)} clouds came with {len(titles)} titles and {len(fields)} fields, but "
            f"each cloud needs a title, and either every cloud a field or none."
        )
    fig = new_figure(1.85 * len(clouds) + 0.1, 2.15)
    panels = fig.subplots(1, len(clouds), squeeze=False)[0]
    for index, (ax, cloud, title) in enumerate(zip(panels, clouds, titles, strict=True)):
        _frame(ax, title)
        if len(fields):
            _arrows(ax, fields[index])
        ax.scatter(*np.asarray(cloud).T, s=2.5, color=COLOURS["image"], linewidths=0, alpha=0.7)
    spreads = [f"{title}: {np.std(cloud):.1f}" for title, cloud in zip(titles, clouds, strict=True)]
    arrows = " Arrows show the velocity everywhere." if len(fields) else ""
    return described(
        fig, f"{len(clouds)} clouds of points. Their spreads are {', '.join(spreads)}.{arrows}"
    )


def plot_paths(
    runs: Sequence[Float[np.ndarray, "time _ 2"]], titles: Sequence[str], shown: int = 60
) -> Figure:
    """The paths of some points from noise, pale, to data, strong; a panel for each run.

    What to see: how far a path is from a straight line. Where it is straight, few steps do.

    runs   all points at all times, from the first to the last.
    shown  how many paths to draw.

    Raises ValueError when there is not a title for every run.
    """
    if not len(runs) or len(titles) != len(runs):
        raise ValueError(f"{len(runs)} runs came with {len(titles)} titles, but each needs one.")
    fig = new_figure(2.4 * len(runs) + 0.1, 2.7)
    panels = fig.subplots(1, len(runs), squeeze=False)[0]
    for ax, run, title in zip(panels, runs, titles, strict=True):
        _frame(ax, title)
        points = np.asarray(run)
        _lines(ax, points[:, :shown])
        ax.scatter(*points[-1].T, s=2.5, color=COLOURS["image"], linewidths=0, alpha=0.4)
    told = [f"{title}: {straightness(run):.1f}" for title, run in zip(titles, runs, strict=True)]
    return described(
        fig,
        f"Paths of {shown} points from noise to data. Straight way by length of path, 1 for a "
        f"straight path: {', '.join(told)}.",
    )


def straightness(run: Float[np.ndarray, "time _ 2"]) -> float:
    """How straight paths are: from end to end, by what was travelled; 1 is a straight line."""
    points = np.asarray(run)
    straight = np.linalg.norm(points[-1] - points[0], axis=-1).sum()
    return float(straight / np.linalg.norm(np.diff(points, axis=0), axis=-1).sum())


def _frame(ax: Axes, title: str) -> None:
    clear_frame(ax)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    ax.set_title(title, loc="center", fontsize=9, fontweight="normal")


def _arrows(ax: Axes, field: Float[np.ndarray, "_ 2"]) -> None:
    look = {"color": current_theme().quiet, "alpha": 0.6, "width": 0.006, "headwidth": 4}
    ax.quiver(*field_grid().T, *np.asarray(field).T, angles="xy", scale=60, **look)


def _lines(ax: Axes, points: Float[np.ndarray, "time _ 2"]) -> None:
    """Every piece of a path in the shade of its time."""
    strength = np.linspace(0.25, 0.75, len(points) - 1)
    for start, end, shade in zip(points, points[1:], strength, strict=False):
        pieces = np.stack([start, end], axis=1)
        ax.add_collection(LineCollection(list(pieces), colors=[shades("time")(shade)], lw=0.9))
