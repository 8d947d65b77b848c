"""A latent, channel by channel, beside the picture that it stands for."""

from typing import Any

import numpy as np
from jaxtyping import Float

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.scale import numbered, scale_below
from fluxlearn.plots.style import signed_shades

COLUMNS = 8  # of channels


def plot_latent(picture: Any, latent: Float[np.ndarray, "channel height width"]) -> Figure:
    """A picture and the maps of all its latent's channels, on one scale.

    What to see: objects keep their places in every channel, a cell standing for 8 × 8 pixels. No
    channel is red, green or blue: a colour is written into several of them, and in some only the
    borders of objects stand out.

    picture  as `plot_grid` takes it.

    Raises ValueError when the latent has another number of axes.
    """
    values = np.asarray(latent)
    if values.ndim != 3:
        raise ValueError(
            f"latent has the shape {values.shape}, but [channel, height, width] is drawn. Take one "
            f"out of a batch with [0]."
        )
    rows = -(-len(values) // COLUMNS)
    fig = new_figure(1.05 * rows + 0.8 * COLUMNS + 0.3, 0.98 * rows + 0.75)
    grid = fig.add_gridspec(rows, COLUMNS + rows)
    beside = fig.add_subplot(grid[:, :rows])
    clear_frame(beside)
    show_picture(beside, as_array(picture))
    beside.set_title("picture", loc="center", fontsize=9, fontweight="normal")
    limit = float(np.abs(values).max()) or 1.0
    panels = []
    for number, channel in enumerate(values):
        ax = fig.add_subplot(grid[number // COLUMNS, rows + number % COLUMNS])
        clear_frame(ax)
        image = ax.imshow(channel, cmap=signed_shades(), vmin=-limit, vmax=limit)
        ax.set_title(f"{number}", loc="center", fontsize=8, fontweight="normal", pad=2)
        panels.append(ax)
    scale_below(fig, image, panels, "value of a latent cell", numbered((-limit, 0, limit)), 60)
    spreads = values.std(axis=(1, 2))
    return described(
        fig,
        f"A picture and the {len(values)} channels of its latent, {values.shape[1]} × "
        f"{values.shape[2]} cells each, values from {values.min():.1f} to {values.max():.1f}. "
        f"Channel {spreads.argmax()} varies most, with a spread of {spreads.max():.1f}, channel "
        f"{spreads.argmin()} least, with {spreads.min():.1f}.",
    )
