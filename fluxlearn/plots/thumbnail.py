"""Thumbnails: a value from inside the model, drawn as fits its kind, small.

The words of its axes say what kind it is:

    batch rgb px_h px_w               a picture, as it is
    batch channel height width        a tile a channel
    batch img dim                     the length of each token's vector, where the token lies
    batch head img head_dim           the same, a tile a head
    batch img axis                    a tile a coordinate
    batch 1 seq pair 2 2              the cosine of each rotation: a row a plane, a column a token
    batch dim                         a strip of numbers, folded where it is long

Text tokens lie side by side, in the order of the prompt. Of a batch the first is drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.style import current_theme, shades

WIDTH = 2.3  # inches
MOST_TILES = 16  # maps of features are many; the first ones give the idea
FOLD = 256  # numbers in one row of a strip

Sizes = Mapping[str, int]


class Panel(NamedTuple):
    """One drawing: numbers as shades from faint to strong, or a picture."""

    values: np.ndarray  # [rows, columns], NaN where nothing is; or bytes [rows, columns, rgb]
    colour: str  # which of the COLOURS its shades have
    told: str  # what it shows, in a few words
    is_map: bool  # whether its places lie in the plane of the picture, so that cells are square


def plot_thumbnail(value: Any, axes: Sequence[str], sizes: Sizes | None = None) -> Figure | None:
    """Draw a tensor or array by the words of its axes; None where there is nothing to be seen.

    sizes  of axis words met elsewhere: `height` and `width` of the latent, from which the grid of
           image tokens is known. Without them the grid is taken to be square, or not drawn.

    Raises ValueError when there are not as many axes as words.
    """
    array = _as_floats(value)
    if array.ndim != len(axes):
        raise ValueError(
            f"the value has the shape {array.shape}, but its axes are {', '.join(axes) or 'none'}. "
            f"Each axis needs one word."
        )
    draw = _kind(axes)
    if draw is None or not array.size:
        return None
    panels = draw(array[0], axes, sizes or {})
    first = f"The first of {len(array)}: " if len(array) > 1 else ""
    return described(_figure(panels), first + "; ".join(panel.told for panel in panels) + ".")


def _kind(axes: Sequence[str]) -> Callable[[np.ndarray, Sequence[str], Sizes], list[Panel]] | None:
    """The function that draws values with these axes."""
    match list(axes):
        case [_, "rgb", _, _]:
            return _picture
        case [_, "head", _, _] | [_, "img" | "txt" | "seq", _]:
            return _tokens
        case [*_, "pair", "2", "2"]:
            return _rotations
        case [_, _, _, _]:
            return _maps
        case [_, "1", _] | [_, _]:
            return _vector
    return None


def _picture(picture: np.ndarray, axes: Sequence[str], sizes: Sizes) -> list[Panel]:
    levels = (picture.transpose(1, 2, 0).clip(-1, 1) + 1) * 127.5
    return [Panel(np.nan_to_num(levels).round().astype(np.uint8), "image", "the picture", True)]


def _maps(maps: np.ndarray, axes: Sequence[str], sizes: Sizes) -> list[Panel]:
    shown = maps[:MOST_TILES]
    count = f"{len(shown)} of {len(maps)}" if len(shown) < len(maps) else f"{len(maps)}"
    return [Panel(_tiled(shown), "image", f"{count} channels, {_range(shown)}", True)]


def _vector(vector: np.ndarray, axes: Sequence[str], sizes: Sizes) -> list[Panel]:
    numbers = vector.ravel()
    rows = -(-len(numbers) // FOLD)
    columns = -(-len(numbers) // rows)
    strip = np.full(rows * columns, np.nan)
    strip[: len(numbers)] = numbers
    colour = "text" if axes[-1] == "vec" else "time"
    told = f"{len(numbers)} channels, {_range(numbers)}"
    return [Panel(strip.reshape(rows, columns), colour, told, False)]


def _rotations(rotations: np.ndarray, axes: Sequence[str], sizes: Sizes) -> list[Panel]:
    cosines = rotations[0, :, :, 0, 0].T
    planes, tokens = cosines.shape
    return [Panel(cosines, "time", f"cosines, {planes} planes × {tokens} tokens", False)]


def _tokens(tokens: np.ndarray, axes: Sequence[str], sizes: Sizes) -> list[Panel]:
    """What each token has to show, each stream apart and where it lies."""
    if axes[-1] == "axis":
        shown, what = tokens.T, "coordinates"
    else:
        shown = np.linalg.norm(tokens, axis=-1)
        shown, what = (shown, "lengths by head") if shown.ndim == 2 else (shown[None], "lengths")
    stream, count = axes[-2], shown.shape[1]
    rows, columns = _grid(count if stream == "img" else sizes.get("img", 0), sizes)
    images = {"img": count, "txt": 0}.get(stream, rows * columns)
    text, image = shown[:, : count - images], shown[:, count - images :]
    panels = []
    if text.size:
        words = "text" if stream == "txt" or image.size else "all"
        panels.append(Panel(text, "text", f"{what}, {words} tokens, {_range(text)}", False))
    if image.size:
        tiles = _tiled(image.reshape(-1, rows, columns)) if rows else image
        told = f"{what}, image tokens, {_range(image)}"
        panels.append(Panel(tiles, "image", told, bool(rows)))
    return panels


def _grid(count: int, sizes: Sizes) -> tuple[int, int]:
    """Rows and columns of so many image tokens; zeros where they are not known."""
    rows, columns = sizes.get("height", 0) // 2, sizes.get("width", 0) // 2
    if rows * columns == count:
        return rows, columns
    side = isqrt(count)
    return (side, side) if side * side == count else (0, 0)


def _tiled(maps: np.ndarray) -> np.ndarray:
    """Maps [tile, rows, columns] side by side, as near to a square as they come."""
    count, height, width = maps.shape
    across = -(-count // max(1, isqrt(count)))
    down = -(-count // across)
    gap = 0 if count == 1 else max(1, width // 12)
    whole = np.full((down * (height + gap) - gap, across * (width + gap) - gap), np.nan)
    for place, tile in enumerate(maps):
        top, left = place // across * (height + gap), place % across * (width + gap)
        whole[top : top + height, left : left + width] = tile
    return whole


def _figure(panels: list[Panel]) -> Figure:
    heights = [_height(panel) for panel in panels]
    fig = new_figure(WIDTH, sum(heights) + 0.26 * len(panels))
    rows = fig.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, panel in zip(rows, panels, strict=True):
        _draw(ax, panel)
        ax.set_title(panel.told, fontsize=6.5, fontweight="normal", pad=2)
    return fig


def _height(panel: Panel) -> float:
    rows, columns = panel.values.shape[:2]
    if panel.is_map:
        return min(WIDTH, WIDTH * rows / columns)
    return min(0.9, 0.22 + 0.03 * rows)


def _draw(ax: Axes, panel: Panel) -> None:
    clear_frame(ax)
    if panel.values.ndim == 3:
        show_picture(ax, as_array(panel.values))
        return
    low, high = _ends(panel.values)
    # Lengths that differ by rounding alone would look like structure if shades spanned no more.
    high = max(high, low + 0.01 * abs(low))
    aspect, shade = "equal" if panel.is_map else "auto", shades(panel.colour)
    ax.patch.set_facecolor(current_theme().rule)  # the gaps between tiles; a faint tile has an edge
    ax.imshow(panel.values, cmap=shade, vmin=low, vmax=high, aspect=aspect)
    ax.spines[:].set(visible=True, color=current_theme().rule)


def _ends(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _range(values: np.ndarray) -> str:
    low, high = _ends(values)
    return f"{low:.3g} to {high:.3g}"


def _as_floats(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().float().cpu().numpy()
    return np.asarray(value, dtype=np.float32)
