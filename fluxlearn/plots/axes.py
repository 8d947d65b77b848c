"""Parts that several figures share: the axes of time and depth, a stream, names beside curves."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.style import COLOURS, current_theme, lettering


def clear_frame(ax: Axes) -> None:
    """Leave nothing of an axes but what is drawn in it."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


def time_ticks(times: Sequence[float], count: int = 5) -> tuple[list[int], list[str]]:
    """Up to `count` steps to be labelled, first and last among them, and their times as text."""
    last = len(times) - 1
    chosen = sorted({round(last * i / max(1, count - 1)) for i in range(count)})
    return chosen, [f"{times[i]:.2f}" for i in chosen]


def tuck_in(ax: Axes) -> None:
    """Let the first and the last number below an axis end where the axis ends."""
    labels = ax.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")


def name_curves(ax: Axes, ends: Mapping[str, float], last: float) -> None:
    """Write the names of curves beside their last points, in their colours.

    ends  name, which is one of the COLOURS → height of the curve's end.
    last  where the curves end on the horizontal axis.
    """
    level = {name: ax.transData.transform((last, end))[1] for name, end in ends.items()}
    near = 0.06 * ax.bbox.height
    for name, height in ends.items():
        # Two names that would overlap make way for each other.
        others = [y for n, y in level.items() if n != name and abs(y - level[name]) < near]
        shift = 0 if not others else 7 if level[name] >= max(others) else -7
        ax.annotate(
            name,
            (last, height),
            xytext=(8, shift),
            textcoords="offset points",
            color=lettering(name),
            va="center",
            fontweight="bold",
            annotation_clip=False,
        )


def mark_blocks(ax: Axes, doubles: int, singles: int) -> None:
    """Name the two kinds of blocks above a depth axis, and draw the border between them.

    The axis counts what the stream passed: 0 is the embedding, 1 the first block.
    """
    quiet = current_theme().quiet
    ax.axvline(doubles + 0.5, color=current_theme().rule, linewidth=1, zorder=0)
    spans = {"double blocks": (0.5, doubles), "single blocks": (doubles + 0.5, singles)}
    for name, (start, length) in spans.items():
        if length:
            middle = start + length / 2
            transform = ax.get_xaxis_transform()
            ax.text(middle, 1.02, name, color=quiet, fontsize=9, ha="center", transform=transform)


def number_depths(ax: Axes, columns: int, key: str) -> None:
    """Number a depth axis of so many columns, and say below it what its curves are."""
    ax.set_xticks(range(0, columns, max(1, (columns - 1) // 6)))
    ax.set_xlabel(f"blocks passed; 0 is the embedding\n{key}")


def key_of_band(times: Sequence[float]) -> str:
    """What the lines of `draw_band` are."""
    return f"thin: t = {times[0]:.2f}    bold: t = {times[-1]:.2f}    band: all steps"


def draw_band(ax: Axes, values: Float[np.ndarray, "step depth"], stream: str) -> None:
    """A stream by depth: the first step as a thin line, the last as a bold one, a band over all.

    stream  one of the COLOURS.
    """
    depth, colour = np.arange(values.shape[1]), COLOURS[stream]
    low, high = values.min(axis=0), values.max(axis=0)
    ax.fill_between(depth, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(values[0], color=colour, linewidth=1)
    ax.plot(values[-1], color=colour, linewidth=2.4)


def count_in_factors(ax: Axes) -> None:
    """Let equal distances upwards be equal factors: what counts is how many times a value grew."""
    ax.set_yscale("log", base=2)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.grid(axis="y", linewidth=0.8)
    ax.spines[:].set_visible(False)
