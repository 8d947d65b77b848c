"""A picture as tokens: where in the picture each one stands, and what one of them holds.

    ids       (reference, row, column)          of every token, in the order of the sequence
    token     [channel · 2 · 2]                 the channel varies slowest, the column fastest

Source: BFL flux/sampling.py `prepare`.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.scale import numbered, scale_below
from fluxlearn.plots.style import COLOURS, current_theme, lettering, signed_shades

SIDE = 0.55  # inches a token
MOST_TOKENS = 16  # along a side; more could not be read
PATCH = 2  # latent cells along a patch's side
CELLS = ("top\nleft", "top\nright", "bottom\nleft", "bottom\nright")


def plot_token_grid(picture: Any, ids: Float[np.ndarray, "img axis"]) -> Figure:
    """A picture cut into tokens; each shows its number in the sequence, and its row and column.

    What to see: numbers are put where the ids say, so they run row by row from the top left when
    the ids are right. The border of a token is the only thing that cutting adds.

    picture  as `plot_grid` takes it.
    ids      (reference, row, column) of every token, counted from 0.

    Raises ValueError when the ids do not fill a grid, or the grid does not cut the picture evenly.
    """
    whole, places = as_array(picture), np.asarray(ids)[:, 1:].astype(int)
    rows, columns = (int(last) + 1 for last in places.max(axis=0))
    _check_grid(whole, places, rows, columns)
    fig = new_figure(SIDE * columns + 0.2, SIDE * rows + 0.2)
    ax = fig.subplots()
    clear_frame(ax)
    card = 255 * np.array(to_rgb(current_theme().card))
    show_picture(ax, (0.4 * whole + 0.6 * card).astype(np.uint8))
    height, width = whole.shape[0] / rows, whole.shape[1] / columns
    for edge in range(1, rows):
        ax.axhline(edge * height - 0.5, color=current_theme().quiet, linewidth=0.6)
    for edge in range(1, columns):
        ax.axvline(edge * width - 0.5, color=current_theme().quiet, linewidth=0.6)
    look: dict[str, Any] = {"ha": "center", "va": "center", "color": current_theme().ink}
    for number, (row, column) in enumerate(places):
        x, y = (column + 0.5) * width - 0.5, (row + 0.5) * height - 0.5
        ax.text(x, y - 0.17 * height, f"{number}", fontsize=10, weight="bold", **look)
        ax.text(x, y + 0.22 * height, f"{row}, {column}", fontsize=7.5, **look)
    return described(
        fig,
        f"A picture cut into {rows} rows and {columns} columns of tokens. Each shows its number in "
        f"the sequence, from 0 at row {places[0, 0]}, column {places[0, 1]} to {len(places) - 1} "
        f"at row {places[-1, 0]}, column {places[-1, 1]}, above its row and column.",
    )


def plot_patch(
    latents: Float[np.ndarray, "channel height width"],
    token: Float[np.ndarray, " patch"],
    row: int,
    column: int,
) -> Figure:
    """All channels of a picture's latents with one patch outlined, and the token made of it.

    What to see: on the right each row is a channel's four cells. Read row after row, they are the
    token from its first value to its last.

    token        the values to the right, as they stand in the sequence.
    row, column  where the token is cut from, counted in tokens.

    Raises ValueError when the token has not four values a channel, or lies outside the latents.
    """
    channels, height, width = latents.shape
    if token.shape != (channels * PATCH**2,):
        raise ValueError(
            f"token has the shape {token.shape}, but {channels} channels of {PATCH} × {PATCH} "
            f"cells make {channels * PATCH**2} values. Take one token out of a sequence: "
            f"patchify(latents)[0, 10]."
        )
    if not (0 <= row < height // PATCH and 0 <= column < width // PATCH):
        raise ValueError(
            f"row {row}, column {column} is outside the {height // PATCH} rows and "
            f"{width // PATCH} columns of tokens, which are counted from 0."
        )
    top = float(np.abs(latents).max()) or 1.0
    look = {"cmap": signed_shades(), "vmin": -top, "vmax": top}
    fig = new_figure(7.2, 4.4)
    left, right = fig.subplots(1, 2, width_ratios=(2.1, 1))
    tiles = int(np.ceil(np.sqrt(channels)))
    _draw_channels(left, latents, tiles, look)
    _outline(left, channels, tiles, (row, column), (height, width))
    left.set_title(f"{channels} channels of latents")
    image = right.imshow(token.reshape(channels, PATCH**2), aspect="auto", **look)
    _name_values(right, channels)
    scale_below(fig, image, [left, right], "value", numbered((-top, 0, top)), length=60)
    return described(
        fig,
        f"{channels} channels of latents of {height} × {width} cells, with the patch of row {row}, "
        f"column {column} outlined in each. Beside them its token, {len(token)} values from "
        f"{token.min():.2g} to {token.max():.2g}: four cells of channel 0, then of channel 1, and "
        f"so on.",
    )


def _check_grid(whole: np.ndarray, places: np.ndarray, rows: int, columns: int) -> None:
    filled = len({(int(row), int(column)) for row, column in places})
    if filled != len(places) or filled != rows * columns or places.min() < 0:
        raise ValueError(
            f"{len(places)} tokens stand at {filled} places, but a grid of {rows} × {columns} has "
            f"{rows * columns}, and each needs one token. Are these the ids of one picture?"
        )
    if whole.shape[0] % rows or whole.shape[1] % columns:
        raise ValueError(
            f"the picture is {whole.shape[1]} × {whole.shape[0]} pixels, which {rows} rows and "
            f"{columns} columns do not cut evenly. Are these the ids of this picture?"
        )
    if max(rows, columns) > MOST_TOKENS:
        raise ValueError(
            f"there are {rows} rows and {columns} columns, but more than {MOST_TOKENS} could not "
            f"be read. Draw a smaller picture."
        )


def _draw_channels(ax: Axes, latents: np.ndarray, tiles: int, look: dict[str, Any]) -> None:
    """All channels as one map, row by row, with a gap of one cell between them."""
    channels, height, width = latents.shape
    rows = -(-channels // tiles)
    sheet = np.full((rows * (height + 1) - 1, tiles * (width + 1) - 1), np.nan)
    for channel, values in enumerate(latents):
        y, x = _corner(channel, tiles, (height, width))
        sheet[y : y + height, x : x + width] = values
    clear_frame(ax)
    ax.imshow(sheet, **look)


def _outline(
    ax: Axes, channels: int, tiles: int, place: tuple[int, int], size: tuple[int, int]
) -> None:
    """A frame around the patch in every channel."""
    for channel in range(channels):
        y, x = _corner(channel, tiles, size)
        corner = (x + PATCH * place[1] - 0.5, y + PATCH * place[0] - 0.5)
        look = {"fill": False, "edgecolor": COLOURS["image"], "linewidth": 1.6}
        ax.add_patch(Rectangle(corner, PATCH, PATCH, **look))


def _corner(channel: int, tiles: int, size: tuple[int, int]) -> tuple[int, int]:
    return (channel // tiles) * (size[0] + 1), (channel % tiles) * (size[1] + 1)


def _name_values(ax: Axes, channels: int) -> None:
    """Channels to the left of a token's rows, places in the token to the right."""
    ax.set_title("one token")
    ax.set_yticks(range(channels), [f"channel {channel}" for channel in range(channels)])
    ax.set_xticks(range(PATCH**2), CELLS, fontsize=8)
    ax.spines[:].set_visible(False)
    for channel in range(channels):
        first = channel * PATCH**2
        ax.text(
            PATCH**2 - 0.4,
            channel,
            f"{first} – {first + PATCH**2 - 1}",
            color=lettering("image"),
            fontsize=8,
            va="center",
        )
