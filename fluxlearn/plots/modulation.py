"""Modulation over depth and time: how strongly `vec` shifts, stretches and gates every block."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from fluxlearn.plots.axes import time_ticks, tuck_in
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import current_theme, lettering, shades

STREAMS = ("image", "text")
MOST_NAMES = 40  # more rows than this are named one in two, three, …


def plot_modulation(
    sizes: Mapping[str, Float[np.ndarray, "branch step"]],
    branches: Sequence[str],
    times: Sequence[float],
) -> Figure:
    """One heat map for each of shift, scale and gate: a row a branch of a block, a column a step.

    sizes     name → root mean square over channels; NaN where a branch has no such thing.
    branches  names of the rows, from the first block to the last; one with the word "image" or
              "text" is written in that stream's colour.
    times     of the columns, from noise to picture.

    Raises ValueError when an array has other rows or columns.
    """
    for name, values in sizes.items():
        if values.shape != (len(branches), len(times)):
            raise ValueError(
                f"{name} has the shape {values.shape}, but there are {len(branches)} branches and "
                f"{len(times)} times."
            )
    fig = new_figure(1.7 + 1.95 * len(sizes), 1.3 + 0.2 * min(len(branches), MOST_NAMES))
    panels = fig.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for ax, (name, values) in zip(panels, sizes.items(), strict=True):
        _panel(fig, ax, name, values)
        ax.set_xticks(*time_ticks(times, 3))
        ax.set_xlabel("time t, noise to picture")
        tuck_in(ax)
        _part_blocks(ax, branches)
    _name_rows(panels[0], branches)
    return described(fig, _told(sizes, branches, times))


def _panel(fig: Figure, ax: Axes, name: str, values: np.ndarray) -> None:
    top = float(np.nanmax(values)) or 1.0
    # Bent a little, or one large branch would make all others look alike. What is not there is
    # hatched: blank would say zero.
    ax.patch.set(hatch="/////")
    image = ax.imshow(values, aspect="auto", cmap=shades("time"), norm=PowerNorm(0.7, 0, top))
    ax.set_title(name)
    ax.spines[:].set_visible(False)
    bar = fig.colorbar(
        image, ax=ax, location="bottom", aspect=30, pad=0.03, label="root mean square"
    )
    bar.set_ticks([0, top / 2, top], labels=["0", f"{top / 2:.2f}", f"{top:.2f}"])
    tuck_in(bar.ax)
    bar.outline.set_visible(False)


def _part_blocks(ax: Axes, branches: Sequence[str]) -> None:
    """A gap between blocks: wherever the part of a name before the dot changes."""
    blocks = [name.split(" · ")[0] for name in branches]
    gap = 1.5 * min(1, MOST_NAMES / len(branches))
    for row, (block, following) in enumerate(pairwise(blocks)):
        if block != following:
            ax.axhline(row + 0.5, color=current_theme().card, linewidth=gap)


def _name_rows(ax: Axes, branches: Sequence[str]) -> None:
    every = -(-len(branches) // MOST_NAMES)
    ax.set_yticks(range(0, len(branches), every), branches[::every])
    for label in ax.get_yticklabels():
        colours = [lettering(word) for word in label.get_text().split() if word in STREAMS]
        label.set_color(colours[0] if colours else current_theme().ink)


def _told(sizes: Mapping[str, np.ndarray], branches: Sequence[str], times: Sequence[float]) -> str:
    peaks = []
    for name, values in sizes.items():
        row, column = divmod(int(np.nanargmax(values)), len(times))
        peaks.append(
            f"{name} in {branches[row]} at t = {times[column]:.2f} ({np.nanmax(values):.2g})"
        )
    return (
        f"Heat maps of {len(branches)} branches from the first block to the last by {len(times)} "
        f"times from noise to picture. The largest: {', '.join(peaks)}."
    )
