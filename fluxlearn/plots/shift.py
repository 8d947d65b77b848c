"""The time shift: the same steps at several resolutions, in time and in logit time.

    (1)  t′ = e^μ / (e^μ + 1/t − 1)            bent towards noise
    (2)  logit t = ln t − ln (1 − t)
    (3)  logit t′ = logit t + μ                 the same in logits: every step moves by μ

Source: BFL flux/sampling.py `time_shift`.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from fluxlearn.plots.axes import tuck_in
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme, lettering

ROUNDING = 0.005  # distances that differ by less are written as one number


def plot_shift(grids: Mapping[str, Sequence[float]]) -> Figure:
    """The times of several schedules with equally many steps, below each other: a dot a step.

    What to see: on the left, lines between the same steps bend and crowd towards noise; on the
    right, in logit time, they are one line drawn again and again. All steps of a row have moved by
    the same distance, which is measured and written beside the row.

    grids  name → times, falling from 1 to 0. The first row is what the others are measured from:
           even steps, as a rule.

    Raises ValueError for fewer than two grids, or three steps, or grids of different lengths, and
    for a grid that does not fall.
    """
    times = {name: np.asarray(grid, dtype=float) for name, grid in grids.items()}
    _check(times)
    # The ends stay where they are: noise and picture, at plus and minus infinity in logits.
    inner = {name: grid[1:-1] for name, grid in times.items()}
    logits = {name: np.log(grid) - np.log1p(-grid) for name, grid in inner.items()}
    fig = new_figure(7.2, 1.0 + 0.42 * len(grids))
    left, right = fig.subplots(1, 2, sharey=True)
    _rows(left, list(times.values()))
    _rows(right, list(logits.values()))
    left.set_yticks(range(len(grids)), list(grids))
    left.tick_params(axis="y", labelcolor=current_theme().ink)
    left.set(title="time t", xlim=(-0.02, 1.02), ylim=(len(grids) - 0.6, -0.4))
    left.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0\npicture", "0.25", "0.5", "0.75", "1\nnoise"])
    tuck_in(left)
    right.set(title="logit t = ln t − ln (1 − t)")
    moves = [_moves(values, next(iter(logits.values()))) for values in logits.values()]
    _write_moves(right, moves)
    return described(fig, _told(times, moves))


def _check(times: Mapping[str, np.ndarray]) -> None:
    lengths = {name: len(grid) for name, grid in times.items()}
    if len(times) < 2 or len(set(lengths.values())) > 1 or min(lengths.values()) < 4:
        raise ValueError(
            f"grids have {lengths} times, but two or more grids of the same length, four or more, "
            f"are compared. Make them with the same number of steps."
        )
    for name, grid in times.items():
        inside = (grid[1:-1] > 0) & (grid[1:-1] < 1)
        if not inside.all() or any(later >= sooner for sooner, later in pairwise(grid)):
            raise ValueError(
                f"the grid {name!r} is {[round(float(t), 3) for t in grid[:4]]} …, but it should "
                f"fall from 1 to 0."
            )


def _rows(ax: Axes, rows: Sequence[np.ndarray]) -> None:
    """Every grid as a row of dots, and lines that join the same step of all rows."""
    green = COLOURS["time"]
    ax.plot(np.stack(rows), np.arange(len(rows)), color=green, linewidth=0.8, alpha=0.45)
    for row, values in enumerate(rows):
        ax.axhline(row, color=current_theme().rule, linewidth=0.8, zorder=0)
        ax.scatter(values, np.full(len(values), row), s=14, color=green, zorder=3, clip_on=False)
    ax.spines[:].set_visible(False)


def _moves(values: np.ndarray, start: np.ndarray) -> tuple[float, float]:
    """The least and the greatest distance that a step has moved."""
    distances = values - start
    return float(distances.min()), float(distances.max())


def _write_moves(ax: Axes, moves: Sequence[tuple[float, float]]) -> None:
    look = {"va": "center", "transform": ax.get_yaxis_transform()}
    ax.text(1.03, 0, "moved by", color=current_theme().quiet, fontsize=9, **look)
    for row, move in enumerate(moves[1:], 1):
        ax.text(1.03, row, _signed(*move), color=lettering("time"), weight="bold", **look)


def _signed(least: float, greatest: float) -> str:
    if greatest - least < ROUNDING:
        return f"{(least + greatest) / 2:+.2f}".replace("-", "−")
    return f"{least:+.2f} … {greatest:+.2f}".replace("-", "−")


def _told(times: Mapping[str, np.ndarray], moves: Sequence[tuple[float, float]]) -> str:
    first, *others = times
    early = [f"{name} {int((grid[:-1] > 0.5).sum())}" for name, grid in times.items()]
    moved = [f"{name} {_signed(*move)}" for name, move in zip(others, moves[1:], strict=True)]
    return (
        f"The times of {len(times[first]) - 1} steps for {len(times)} schedules. Steps that start "
        f"above t = 0.5: {', '.join(early)}. In logit time the steps have moved from those of "
        f"{first}: {', '.join(moved)}."
    )
