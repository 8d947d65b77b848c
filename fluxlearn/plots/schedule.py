"""The schedule: at which times the model is asked, beside even steps, and what it answers there."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.style import COLOURS, current_theme, lettering

MOST_PICTURES = 6  # more would be too small to see


def plot_schedule(times: Sequence[float], estimates: Sequence[Any] = ()) -> Figure:
    """The time of every step, from noise down to the picture, and even steps for comparison.

    times      one more than there are steps, falling.
    estimates  the decoded x₀ estimate of every step, if some are to stand below their steps.

    Raises ValueError when times do not fall, or there are not as many estimates as steps.
    """
    steps = len(times) - 1
    if steps < 1 or any(later >= sooner for sooner, later in pairwise(times)):
        raise ValueError(f"times are {list(times)[:4]} …, but a schedule falls from step to step.")
    if len(estimates) not in (0, steps):
        raise ValueError(f"{len(estimates)} estimates came for {steps} steps, but each needs one.")
    if len(estimates):
        fig = new_figure(*HALF_PAGE)
        curves, strip = fig.subplots(2, 1, height_ratios=(3, 1))
        _strip(strip, estimates)
    else:
        fig = new_figure(HALF_PAGE[0], 3.0)
        curves = fig.subplots()
    _curves(curves, times)
    early = sum(t > 0.5 for t in times[:-1])
    return described(
        fig,
        f"The time of each of {steps} steps, falling from {times[0]:.2f} to {times[-1]:.2f}. "
        f"The model is asked {early} times before time 0.5 and {steps - early} times after it; "
        f"even steps are drawn for comparison.",
    )


def _curves(ax: Axes, times: Sequence[float]) -> None:
    quiet, green, steps = current_theme().quiet, COLOURS["time"], len(times) - 1
    even = [times[0] + (times[-1] - times[0]) * i / steps for i in range(steps + 1)]
    ax.plot(even, color=quiet, linewidth=1.2, linestyle=(0, (4, 3)))
    ax.plot(times, color=green, marker="o", markersize=4.5, clip_on=False)
    if max(abs(a - b) for a, b in zip(times, even, strict=True)) > 0.02:
        at = steps / 2
        ax.text(
            at + 0.03 * steps, times[int(at)], "this run", color=lettering("time"), weight="bold"
        )
        ax.text(at - 0.03 * steps, 0.44, "even steps", color=quiet, ha="right", va="top")
    ax.set(xlabel="step", ylabel="time t", ylim=(-0.02, 1.02), xlim=(-0.02 * steps, 1.02 * steps))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["picture  0", "0.25", "0.50", "0.75", "noise  1"])
    ax.set_xticks(sorted({round(steps * i / 4) for i in range(5)}))
    ax.grid(axis="y", linewidth=0.8)
    ax.spines[["left", "bottom"]].set_visible(False)


def _strip(ax: Axes, estimates: Sequence[Any]) -> None:
    """A few estimates, each tied to the step that made it."""
    clear_frame(ax)
    steps, count = len(estimates), min(MOST_PICTURES, len(estimates))
    ax.set(xlim=(-0.02 * steps, 1.02 * steps), ylim=(0, 1))
    for place in range(count):
        step = round((steps - 1) * place / max(1, count - 1))
        left = place / count + 0.01
        picture = ax.inset_axes((left, 0.0, 1 / count - 0.02, 0.82))
        clear_frame(picture)
        show_picture(picture, as_array(estimates[step]))
        middle = (left + 0.5 / count - 0.01) * 1.04 * steps - 0.02 * steps
        ax.plot([step, middle], [1.04, 0.84], color=current_theme().quiet, lw=0.8, clip_on=False)
        ax.text(step, 1.06, f"{step}", color=current_theme().quiet, fontsize=8, ha="center")
