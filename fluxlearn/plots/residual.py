"""The residual stream by depth: how long its vectors are, image tokens beside text tokens."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.axes import mark_blocks, name_curves
from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure
from fluxlearn.plots.style import COLOURS


def plot_residuals(
    img: Float[np.ndarray, "step depth"],
    txt: Float[np.ndarray, "step depth"],
    doubles: int,
    times: Sequence[float],
) -> Figure:
    """Root mean square of both streams from the embedding to the last block.

    img, txt  a row for each sampling step; the first column is the embedding.
    doubles   how many of the blocks are double blocks.
    times     of the rows: the first is drawn thin, the last bold, a band spans all of them.

    Raises ValueError when the two do not have the same shape, or not as many rows as times.
    """
    if img.shape != txt.shape or len(img) != len(times):
        raise ValueError(
            f"img has the shape {img.shape} and txt {txt.shape} for {len(times)} times, but both "
            f"need a row for each time and a column for each depth."
        )
    fig = new_figure(*HALF_PAGE)
    ax = fig.subplots()
    _stream(ax, img, "image")
    _stream(ax, txt, "text")
    mark_blocks(ax, doubles, img.shape[1] - 1 - doubles)
    _finish(ax, img.shape[1], times)
    name_curves(ax, {"image": float(img[-1, -1]), "text": float(txt[-1, -1])}, img.shape[1] - 1)
    return described(
        fig,
        f"Size of the residual stream after each of {img.shape[1] - 1} blocks. At the last time, "
        f"image tokens go from {img[-1, 0]:.2g} to {img[-1, -1]:.2g} and text tokens from "
        f"{txt[-1, 0]:.2g} to {txt[-1, -1]:.2g}.",
    )


def _stream(ax: Axes, values: np.ndarray, stream: str) -> None:
    depth, colour = np.arange(values.shape[1]), COLOURS[stream]
    low, high = values.min(axis=0), values.max(axis=0)
    ax.fill_between(depth, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(values[0], color=colour, linewidth=1)
    ax.plot(values[-1], color=colour, linewidth=2.4)


def _finish(ax: Axes, columns: int, times: Sequence[float]) -> None:
    every = max(1, (columns - 1) // 6)
    ax.set_xticks(range(0, columns, every))
    key = f"thin: t = {times[0]:.2f}    bold: t = {times[-1]:.2f}    band: all steps"
    ax.set(xlabel=f"blocks passed; 0 is the embedding\n{key}", ylabel="root mean square")
    # Equal distances are equal factors: what counts is how many times a stream has grown.
    ax.set_yscale("log", base=2)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.grid(axis="y", linewidth=0.8)
    ax.spines[:].set_visible(False)
