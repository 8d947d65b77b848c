"""Modulation over depth and time: how `vec` shifts, stretches and gates every block.

    (1)  modulate(x) = (1 + scale) · x + shift
    (2)  x           ← x + gate · f(modulate(norm(x)))

`plot_modulation` draws sizes, which tell how strongly; `plot_signed_modulation` draws numbers of
both signs, which tell in which direction.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, FuncNorm, Normalize, PowerNorm
from matplotlib.image import AxesImage

from fluxlearn.plots.axes import time_ticks, tuck_in
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import in_short, scale_below
from fluxlearn.plots.style import current_theme, lettering, shades, signed_shades

STREAMS = ("image", "text")
MOST_NAMES = 40  # more rows than this are named one in two, three, …
BENT = 0.5  # the power of signed numbers that shades follow

MEANINGS = {
    "shift": "in x + shift\n0 moves nothing",
    "scale": "in (1 + scale) · x\n0 keeps x, −1 erases it",
    "gate": "in x + gate · f(x)\n0 adds nothing",
}
"""What the numbers of a part do, for the foot of its map."""


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
    fig, panels = _heat_maps(sizes, branches, times)
    for ax, (name, values) in zip(panels, sizes.items(), strict=True):
        top = float(np.nanmax(values)) or 1.0
        # Bent a little, or one large branch would make all others look alike.
        norm = PowerNorm(0.7, 0, top)
        image = _shade(ax, name, values, shades("time"), norm)
        ticks = {0: "0", top / 2: f"{top / 2:.2f}", top: f"{top:.2f}"}
        scale_below(fig, image, ax, "root mean square", ticks)
    return described(
        fig,
        f"Heat maps of {len(branches)} branches from the first block to the last by {len(times)} "
        f"times from noise to picture. The largest: {_extremes(sizes, branches, times)}.",
    )


def plot_signed_modulation(
    means: Mapping[str, Float[np.ndarray, "branch step"]],
    branches: Sequence[str],
    times: Sequence[float],
    what: str = "mean over channels",
) -> Figure:
    """The same maps for numbers of both signs: the mean over channels, or one channel alone.

    What to see: a scale above 0 makes a channel stronger than the LayerNorm left it, one below 0
    weaker; −1 wipes it out, and below −1 its sign turns. Where a mean is near 0 although the root
    mean square is not, channels are driven both ways.

    means     name → numbers; NaN where a branch has no such thing.
    branches  names of the rows, as for `plot_modulation`.
    times     of the columns, from noise to picture.
    what      the numbers are, in a few words.

    Raises ValueError when an array has other rows or columns.
    """
    fig, panels = _heat_maps(means, branches, times)
    for ax, (name, values) in zip(panels, means.items(), strict=True):
        top = float(np.nanmax(np.abs(values))) or 1.0
        norm = FuncNorm((_bend, _unbend), -top, top)
        image = _shade(ax, name, values, signed_shades(), norm)
        ticks = {-top: in_short(-top), 0: "0", top: in_short(top)}
        scale_below(fig, image, ax, f"{what}\n{MEANINGS.get(name, '')}".strip(), ticks)
    return described(
        fig,
        f"Heat maps of {len(branches)} branches from the first block to the last by {len(times)} "
        f"times from noise to picture, {what}, above or below zero. Furthest from zero: "
        f"{_extremes(means, branches, times)}.",
    )


def _heat_maps(
    numbers: Mapping[str, np.ndarray], branches: Sequence[str], times: Sequence[float]
) -> tuple[Figure, list[Axes]]:
    """An empty panel for each name, its rows and columns named; refuses numbers of other shapes."""
    for name, values in numbers.items():
        if values.shape != (len(branches), len(times)):
            raise ValueError(
                f"{name} has the shape {values.shape}, but there are {len(branches)} branches and "
                f"{len(times)} times."
            )
    fig = new_figure(1.7 + 1.95 * len(numbers), 1.3 + 0.2 * min(len(branches), MOST_NAMES))
    panels = list(fig.subplots(1, len(numbers), sharey=True, squeeze=False)[0])
    for ax in panels:
        ax.set_xticks(*time_ticks(times, 3))
        ax.set_xlabel("time t, noise to picture")
        tuck_in(ax)
        _part_blocks(ax, branches)
    _name_rows(panels[0], branches)
    return fig, panels


def _shade(
    ax: Axes, name: str, values: np.ndarray, colours: Colormap, norm: Normalize
) -> AxesImage:
    # What is not there is hatched: blank would say zero.
    ax.patch.set(hatch="/////")
    ax.set_title(name)
    ax.spines[:].set_visible(False)
    return ax.imshow(values, aspect="auto", cmap=colours, norm=norm)


def _bend(values: np.ndarray) -> np.ndarray:
    """Signed numbers as shades follow them: bent, for the reason that sizes are, and more."""
    return np.sign(values) * np.abs(values) ** BENT


def _unbend(bent: np.ndarray) -> np.ndarray:
    return np.sign(bent) * np.abs(bent) ** (1 / BENT)


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


def _extremes(
    numbers: Mapping[str, np.ndarray], branches: Sequence[str], times: Sequence[float]
) -> str:
    """Where each part is furthest from zero, in words."""
    peaks = []
    for name, values in numbers.items():
        row, column = divmod(int(np.nanargmax(np.abs(values))), len(times))
        peaks.append(
            f"{name} in {branches[row]} at t = {times[column]:.2f} "
            f"({in_short(float(values[row, column]))})"
        )
    return ", ".join(peaks)
