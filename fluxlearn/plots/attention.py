"""Where a picture's tokens look: heat maps of words over the picture they were painted in."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.colors import to_rgb

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.style import current_theme, shades

SIDE = 1.6  # inches a panel
VEIL = 0.75  # how far a picture under a map fades towards the card


def plot_attention(picture: Any, maps: Mapping[str, Float[np.ndarray, "h w"]]) -> Figure:
    """A picture, and beside it each map over a pale copy of it; one square is one token.

    picture  a PIL image, bytes [px_h, px_w, rgb], or a tensor [rgb, px_h, px_w] in −1..1.
    maps     name → share of attention in [0, 1]. Each has its own scale, from 0 to the largest
             value, which stands below it.

    Raises ValueError without maps, or when a map has other proportions than the picture.
    """
    whole = as_array(picture)
    _check(whole, maps)
    fig = new_figure(SIDE * (len(maps) + 1) + 0.1, SIDE * whole.shape[0] / whole.shape[1] + 0.5)
    first, *panels = fig.subplots(1, len(maps) + 1, squeeze=False)[0]
    clear_frame(first)
    show_picture(first, whole)
    first.set_title("picture", fontsize=9, fontweight="normal", pad=3)
    for ax, (name, values) in zip(panels, maps.items(), strict=True):
        clear_frame(ax)
        show_picture(ax, pale(whole))
        lay_over(ax, values / (np.nanmax(values) or 1), whole.shape[:2])
        ax.set_title(name, fontsize=9, pad=3)
        ax.set_xlabel(f"up to {largest_share(values)}", fontsize=8, labelpad=3)
    return described(fig, f"A picture and where its tokens look: {_told(maps)}.")


def _check(picture: np.ndarray, maps: Mapping[str, np.ndarray]) -> None:
    if not maps:
        raise ValueError("maps is empty, but a name and its map are needed.")
    height, width = picture.shape[:2]
    for name, values in maps.items():
        if values.ndim != 2 or height * values.shape[1] != width * values.shape[0]:
            raise ValueError(
                f"the map of {name!r} has the shape {values.shape} and the picture {height} × "
                f"{width} pixels, but rows and columns must cut the picture into squares. Is it "
                f"another picture's map?"
            )


def pale(picture: np.ndarray) -> np.ndarray:
    """A picture in grey, faded: what colour is left belongs to the map."""
    card = 255 * np.array(to_rgb(current_theme().card))
    grey = picture.mean(axis=2, keepdims=True)
    return ((1 - VEIL) * grey + VEIL * card).astype(np.uint8)


def lay_over(ax: Any, values: Float[np.ndarray, "h w"], size: tuple[int, ...]) -> None:
    """Draw a map over a picture of this size in pixels.

    values  in [0, 1], relative to what is drawn as most; NaN is drawn as nothing.
    """
    height, width = size
    share = np.nan_to_num(values)
    # Nothing is clear and most is opaque, so that the picture shows where nothing is.
    ax.imshow(
        share,
        cmap=shades("text"),
        alpha=0.9 * share,
        vmin=0,
        vmax=1,
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
    )


def _told(maps: Mapping[str, np.ndarray]) -> str:
    places = []
    for name, values in maps.items():
        rows, columns = values.shape
        row, column = divmod(int(np.nanargmax(values)), columns)
        places.append(
            f"{name} most at row {row + 1} of {rows}, column {column + 1} of {columns} "
            f"({largest_share(values)})"
        )
    return "; ".join(places)


def largest_share(values: np.ndarray) -> str:
    """The largest share, with two digits that count: 0.0512 → '5.1 %'."""
    return f"{100 * np.nanmax(values):.2g} %"
