"""The velocity lens: the picture that was expected after each block, and how far it was off."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from fluxlearn.plots.axes import clear_frame, mark_blocks, number_depths
from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.style import current_theme, lettering, shades

SIDE = 0.98  # inches a picture


def plot_lens(
    pictures: Sequence[Sequence[Any]], times: Sequence[float], depths: Sequence[str]
) -> Figure:
    """A grid of pictures: a row a time, a column a place in the depth of the model.

    What to see: in the upper rows, after how many blocks a layout appears. In the lower ones t is
    small and all columns look alike, whatever the velocity is; see `plot_distance` for them.

    pictures  rows of PIL images, byte arrays [px_h, px_w, rgb], or tensors [rgb, px_h, px_w] in
              −1..1; in each row the last is what the model itself expected.
    times     of the rows; 1 is noise, 0 is the picture.
    depths    names of the columns: the last block that was passed.

    Raises ValueError when there are not as many rows as times, or columns as depths.
    """
    columns = {len(row) for row in pictures}
    if len(pictures) != len(times) or columns != {len(depths)}:
        raise ValueError(
            f"{len(pictures)} rows of {', '.join(map(str, sorted(columns))) or 'no'} pictures came "
            f"with {len(times)} times and {len(depths)} depths, but each row needs a time and each "
            f"column a depth."
        )
    arrays = [[as_array(picture) for picture in row] for row in pictures]
    height, width = arrays[0][0].shape[:2]
    fig = new_figure(SIDE * len(depths) + 0.8, SIDE * height / width * len(times) + 0.3)
    grid = fig.subplots(len(times), len(depths), squeeze=False)
    for places, row, time in zip(grid, arrays, times, strict=True):
        for ax, picture in zip(places, row, strict=True):
            clear_frame(ax)
            show_picture(ax, picture)
        places[0].set_ylabel(f"t = {time:.2f}", color=lettering("time"), rotation=0, ha="right")
        places[0].yaxis.set_label_coords(-0.08, 0.45)
    for ax, name in zip(grid[0], depths, strict=True):
        ax.set_title(name, fontsize=9, fontweight="normal", loc="center", pad=3)
    return described(
        fig,
        f"The picture that the last layer reads from the residual stream at {len(depths)} depths, "
        f"{depths[0]} to {depths[-1]}, at {len(times)} times, t = {times[0]:.2f} to "
        f"{times[-1]:.2f}. The last column is what the model expected.",
    )


def plot_distance(
    distance: Float[np.ndarray, "step depth"], doubles: int, times: Sequence[float]
) -> Figure:
    """How far what the lens reads is from the model's velocity, by depth: a curve a time.

    distance  ‖v_k − v‖ / ‖v‖; the first column is the embedding, the last is 0.
    doubles   how many of the blocks are double blocks.
    times     of the rows. Noise is drawn faint, the picture strong.

    Raises ValueError when there are not as many rows as times.
    """
    if len(distance) != len(times):
        raise ValueError(
            f"distance has the shape {distance.shape} for {len(times)} times, but a row for each "
            f"time is needed."
        )
    steps, columns = distance.shape
    fig = new_figure(*HALF_PAGE)
    ax = fig.subplots()
    ax.axhline(1, color=current_theme().quiet, linewidth=1, linestyle=(0, (4, 3)))
    strength = np.linspace(0.3, 0.9, steps) if steps > 1 else [0.7]
    for row, shade in zip(distance, strength, strict=True):
        ax.plot(row, color=shades("time")(shade), marker="o", markersize=3)
    mark_blocks(ax, doubles, columns - 1 - doubles)
    key = f"faint: t = {times[0]:.2f}    strong: t = {times[-1]:.2f}    dashed: v = 0"
    number_depths(ax, columns, key)
    ax.set_ylabel("distance from the velocity")
    ax.set_ylim(bottom=0)
    ax.grid(axis="y", linewidth=0.8)
    ax.spines[:].set_visible(False)
    middle = columns // 2
    return described(
        fig,
        f"Distance of what the lens reads from the model's velocity, after each of {columns - 1} "
        f"blocks; 1 is as far as saying nothing. At t = {times[0]:.2f} it goes from "
        f"{distance[0, 0]:.2g} over {distance[0, middle]:.2g} to {distance[0, -1]:.2g}, at t = "
        f"{times[-1]:.2f} from {distance[-1, 0]:.2g} over {distance[-1, middle]:.2g} to "
        f"{distance[-1, -1]:.2g}.",
    )
