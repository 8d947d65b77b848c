"""The residual stream by depth: how long its vectors are, image tokens beside text tokens."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluxlearn.plots.axes import (
    count_in_factors,
    draw_band,
    key_of_band,
    mark_blocks,
    name_curves,
    number_depths,
)
from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure


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
    draw_band(ax, img, "image")
    draw_band(ax, txt, "text")
    mark_blocks(ax, doubles, img.shape[1] - 1 - doubles)
    number_depths(ax, img.shape[1], key_of_band(times))
    ax.set_ylabel("root mean square")
    count_in_factors(ax)
    name_curves(ax, {"image": float(img[-1, -1]), "text": float(txt[-1, -1])}, img.shape[1] - 1)
    return described(
        fig,
        f"Size of the residual stream after each of {img.shape[1] - 1} blocks. At the last time, "
        f"image tokens go from {img[-1, 0]:.2g} to {img[-1, -1]:.2g} and text tokens from "
        f"{txt[-1, 0]:.2g} to {txt[-1, -1]:.2g}.",
    )
