"""Sweeps: one number for each label of an axis, as bars; for each pair of labels, as a heat map."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap

from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme, shades

MOST_ROWS, MOST_COLUMNS = 40, 12  # more labels than this are written one in two, three, …
ABOVE, BELOW = "image", "text"  # the COLOURS of numbers above and below 0


def plot_sweep(
    values: np.ndarray, axes: Mapping[str, Sequence[str | int | float]], measure: str
) -> Figure:
    """Numbers with one or two named axes: bars, or a heat map with a row for each first label.

    values   as many axes as are named; NaN, where nothing was measured, is hatched.
    axes     name → labels.
    measure  what the numbers are.

    Raises ValueError for other shapes, and when nothing was measured at all.
    """
    sizes = tuple(len(labels) for labels in axes.values())
    if values.shape != sizes or len(sizes) not in (1, 2):
        raise ValueError(
            f"values have the shape {values.shape} and the axes {', '.join(axes) or 'none'} the "
            f"sizes {sizes}, but one or two axes are drawn, and sizes must agree. Average over "
            f"the others: swept.mean('seed')."
        )
    if np.isnan(values).all():
        raise ValueError(f"all {values.size} values are NaN, so there is nothing to draw.")
    return _bars(values, axes, measure) if len(sizes) == 1 else _heat_map(values, axes, measure)


def _bars(values: np.ndarray, axes: Mapping[str, Sequence], measure: str) -> Figure:
    ((name, labels),) = axes.items()
    fig = new_figure(5.4, 0.9 + 0.2 * min(len(labels), MOST_ROWS))
    ax = fig.subplots()
    known = np.nan_to_num(values)
    colours = [COLOURS[BELOW if value < 0 else ABOVE] for value in known]
    ax.barh(range(len(labels)), known, height=0.7, color=colours)
    ax.axvline(0, color=current_theme().rule, linewidth=1)
    _hatch_rows(ax, values)
    _name_rows(ax, name, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(measure)
    return described(fig, f"Bars of {_told(values, axes, measure)}")


def _heat_map(values: np.ndarray, axes: Mapping[str, Sequence], measure: str) -> Figure:
    (row_name, rows), (column_name, columns) = axes.items()
    width = min(9.0, 2.6 + 0.34 * len(columns))
    fig = new_figure(width, 1.1 + 0.22 * min(len(rows), MOST_ROWS))
    ax = fig.subplots()
    ax.patch.set(hatch="/////")
    top = float(np.nanmax(np.abs(values))) or 1.0
    bottom = -top if np.nanmin(values) < 0 else 0.0
    colours = _either_side() if bottom else shades(ABOVE)
    image = ax.imshow(values, aspect="auto", cmap=colours, vmin=bottom, vmax=top)
    _name_rows(ax, row_name, rows)
    every = -(-len(columns) // MOST_COLUMNS)
    ax.set_xticks(range(0, len(columns), every), [str(label) for label in columns[::every]])
    if max(len(str(label)) for label in columns) > 5:
        ax.tick_params(axis="x", rotation=45)
    ax.set_xlabel(column_name)
    ax.spines[:].set_visible(False)
    bar = fig.colorbar(image, ax=ax, aspect=20, pad=0.03, label=measure)
    bar.outline.set_visible(False)
    return described(fig, f"Heat map of {_told(values, axes, measure)}")


def _either_side() -> Colormap:
    """Two scales that meet in 0, where they have the colour of the card."""
    steps = np.linspace(0, 1, 128)
    stops = [*shades(BELOW)(steps[::-1]), *shades(ABOVE)(steps)]
    return LinearSegmentedColormap.from_list("either side of 0", stops)


def _hatch_rows(ax: Axes, values: np.ndarray) -> None:
    for row in np.flatnonzero(np.isnan(values)):
        ax.axhspan(row - 0.35, row + 0.35, fill=False, hatch="/////", linewidth=0)


def _name_rows(ax: Axes, name: str, labels: Sequence) -> None:
    every = -(-len(labels) // MOST_ROWS)
    ax.set_yticks(range(0, len(labels), every), [str(label) for label in labels[::every]])
    ax.set_ylabel(name)


def _told(values: np.ndarray, axes: Mapping[str, Sequence], measure: str) -> str:
    """What is drawn, with the extremes and where they are."""
    sizes = " and ".join(f"{name} ({len(labels)})" for name, labels in axes.items())
    places = {"largest": np.nanargmax(values), "smallest": np.nanargmin(values)}
    extremes = [
        f"the {which} is {values.flat[place]:.3g} at {_place(int(place), values.shape, axes)}"
        for which, place in places.items()
    ]
    missing = int(np.isnan(values).sum())
    rest = f" {missing} were not measured." if missing else ""
    return f"{measure} by {sizes}: {'; '.join(extremes)}.{rest}"


def _place(flat: int, shape: tuple[int, ...], axes: Mapping[str, Sequence]) -> str:
    index = np.unravel_index(flat, shape)
    return ", ".join(
        f"{name} {labels[int(i)]}" for i, (name, labels) in zip(index, axes.items(), strict=True)
    )
