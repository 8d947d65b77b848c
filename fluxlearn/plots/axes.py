"""Parts that several figures share: the time axis, bands behind blocks, names beside curves."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from fluxlearn.plots.style import current_theme, lettering


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
