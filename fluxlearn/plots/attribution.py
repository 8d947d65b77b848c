"""What the velocity is made of: shares of blocks at some times, and the size of every head."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import numbered, scale_below
from fluxlearn.plots.style import COLOURS, current_theme, lettering, shades

MOST_NAMES = 16  # more blocks than this are named one in two, three, …


def plot_shares(
    shares: Mapping[str, Float[np.ndarray, "step block"]],
    blocks: Sequence[str],
    times: Sequence[float],
) -> Figure:
    """Bars by block, a panel a time: above 0 what goes along the velocity, below what goes against.

    Each panel has a scale of its own: parts that cancel can be much larger than the velocity.

    shares  up to four kinds of part → their shares in each block; at each time all add up to 1.
    blocks  names of the columns, from the embedding to the last layer.
    times   of the rows; 1 is noise, 0 is the picture.

    Raises ValueError when an array has other rows or columns, or there are no kinds or too many.
    """
    _check(shares, blocks, times)
    colours = dict(zip(shares, _colours(), strict=False))
    fig = new_figure(2.5 + 0.32 * min(len(blocks), 24), 1.2 + 1.1 * len(times))
    panels = fig.subplots(len(times), 1, sharex=True, squeeze=False)[:, 0]
    for row, (ax, time) in enumerate(zip(panels, times, strict=True)):
        _bars(ax, {kind: values[row] for kind, values in shares.items()}, colours)
        ax.set_title(f"t = {time:.2f}", color=lettering("time"))
    every = -(-len(blocks) // MOST_NAMES)
    panels[-1].set_xticks(range(0, len(blocks), every), blocks[::every], rotation=40, ha="right")
    fig.supylabel("share of the velocity", fontsize=9, color=current_theme().quiet)
    keys = panels[0].get_legend_handles_labels()
    fig.legend(*keys, loc="outside upper right", ncols=len(shares), frameon=False, fontsize=9)
    return described(fig, _told(shares, blocks, times))


def plot_heads(
    sizes: Float[np.ndarray, "block head"], blocks: Sequence[str], time: float | None = None
) -> Figure:
    """How large the part of each head is beside the velocity, whatever its direction.

    sizes   ‖part‖ / ‖v‖.
    blocks  names of the rows, from the first block to the last.
    time    of the step; None for a mean over several.

    Raises ValueError when there are not as many names as rows.
    """
    if len(sizes) != len(blocks):
        raise ValueError(
            f"sizes has the shape {sizes.shape} for {len(blocks)} blocks, but each row needs a "
            f"name."
        )
    rows, heads = sizes.shape
    every = -(-rows // 40)
    fig = new_figure(2.2 + 0.3 * min(heads, 24), 1.2 + 0.3 * min(rows, 24))
    ax = fig.subplots()
    image = ax.imshow(sizes, aspect="auto", cmap=shades("image"), vmin=0)
    clear_frame(ax)
    ax.set_yticks(range(0, rows, every), blocks[::every])
    ax.set_xticks(range(0, heads, max(1, heads // 8)))
    ax.set(xlabel="head", title="mean over steps" if time is None else f"t = {time:.2f}")
    ticks = numbered([0.0, float(sizes.max())])
    scale_below(fig, image, ax, "size beside the velocity", ticks)
    row, head = divmod(int(sizes.argmax()), heads)
    return described(
        fig,
        f"Size of what each of {heads} heads in {rows} blocks has written, beside the velocity. "
        f"The largest is head {head} in {blocks[row]} ({sizes.max():.2g}), the smallest has "
        f"{sizes.min():.2g}.",
    )


def _check(shares: Mapping[str, np.ndarray], blocks: Sequence[str], times: Sequence[float]) -> None:
    if not 0 < len(shares) <= len(_colours()):
        raise ValueError(f"shares has {len(shares)} kinds, but 1 to {len(_colours())} can be told.")
    for kind, values in shares.items():
        if values.shape != (len(times), len(blocks)):
            raise ValueError(
                f"{kind} has the shape {values.shape}, but there are {len(times)} times and "
                f"{len(blocks)} blocks."
            )


def _colours() -> list[Any]:
    """Four kinds of bar that also differ in grey: all of them write to the image stream."""
    blue = shades("image")
    return [COLOURS["image"], blue(0.25), blue(0.95), current_theme().quiet]


def _bars(ax: Axes, shares: Mapping[str, np.ndarray], colours: Mapping[str, Any]) -> None:
    """One panel; bars of one sign stand on each other."""
    above = below = np.zeros(len(next(iter(shares.values()))))
    for kind, values in shares.items():
        bottom = np.where(values >= 0, above, below)
        ax.bar(range(len(values)), values, 0.72, bottom, label=kind, color=colours[kind])
        above, below = above + np.maximum(values, 0), below + np.minimum(values, 0)
    ax.axhline(0, color=current_theme().quiet, linewidth=0.8)
    ax.grid(axis="y", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[:].set_visible(False)


def _told(shares: Mapping[str, np.ndarray], blocks: Sequence[str], times: Sequence[float]) -> str:
    told = []
    for row, time in enumerate(times):
        kind = max(shares, key=lambda kind: shares[kind][row].max())
        column = int(shares[kind][row].argmax())
        told.append(
            f"{kind} in {blocks[column]} at t = {time:.2f} ({shares[kind][row, column]:.0%})"
        )
    return (
        f"Bars of what share of the velocity was written in each of {len(blocks)} places, by "
        f"{', '.join(shares)}. The largest share: {', '.join(told)}."
    )
