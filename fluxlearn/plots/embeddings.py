"""Embeddings of a number: many clocks that show it at once, and which numbers they make alike.

    (1)  emb(t)            = [cos(1000 t · freq), sin(1000 t · freq)]      cosines first
    (2)  similarity(a, b)  = ⟨a, b⟩ / (|a| · |b|)

For the clocks themselves (2) is the mean of cos(1000 (t − t′) · freq): only the difference of two
numbers counts, so each diagonal of the map has one shade. What a network makes of them need not be
so.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.axes import tuck_in
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import numbered, scale_below
from fluxlearn.plots.style import current_theme, shades, signed_shades

NUMBERS = {"time": "time t", "guidance": "guidance g"}
"""What may be embedded, one of the COLOURS → what its axis says."""


def plot_sinusoids(
    embedding: Float[np.ndarray, "time freq"],
    values: Sequence[float],
    periods: Sequence[float],
    of: str = "time",
) -> Figure:
    """Cosines and sines of every clock by the number they show, the fastest clock on top.

    What to see: fast clocks tell near numbers apart and repeat themselves; slow clocks tell far
    numbers apart. Below the dashed line a clock does not turn once in the whole range. The arcs
    above it are where neighbouring clocks run in step for a while.

    values   the embedded numbers, evenly spaced and rising, dense enough for the fastest clock.
    periods  by how much the number grows while each clock turns once: 2π / (1000 · freq).
    of       "time" or "guidance": what the numbers are.

    Raises ValueError when sizes do not fit, or when the fastest clock would seem to turn slowly.
    """
    _check_values(values, of)
    _check_sinusoids(embedding, values, periods)
    half, reach = len(periods), values[-1] - values[0]
    turning = int((np.asarray(periods) <= reach).sum())
    fig = new_figure(7.2, 3.3)
    panels = fig.subplots(1, 2, sharey=True)
    parts = {"cosines": embedding[:, :half], "sines": embedding[:, half:]}
    for ax, (name, part) in zip(panels, parts.items(), strict=True):
        _draw_clocks(ax, part, values)
        _name_numbers(ax, values, of)
        ax.set_title(name)
        if 0 < turning < half:
            ax.axhline(turning - 0.5, color=current_theme().ink, linewidth=1, linestyle=(0, (4, 3)))
    _mark_periods(panels[0], periods)
    _part_clocks(panels[1], turning, half)
    scale_below(fig, panels[0].images[0], panels, "cosine or sine", numbered((-1, 0, 1)), length=60)
    return described(
        fig,
        f"Cosines and sines of {half} clocks for {NUMBERS[of]} from {values[0]:g} to "
        f"{values[-1]:g}. One turn takes from {periods[0]:.2g} on the fastest clock, on top, to "
        f"{periods[-1]:.2g} on the slowest. {turning} clocks turn at least once in this range, "
        f"{half - turning} do not.",
    )


def plot_similarity(
    vectors: Mapping[str, Float[np.ndarray, "time _"]], values: Sequence[float], of: str = "time"
) -> Figure:
    """Which numbers look alike: the cosine similarity of all pairs, a map for each stage.

    What to see: the diagonal is 1, a number and itself. The narrower the band along it, the better
    near numbers can be told apart; a block of one strong shade is numbers that are treated as one.

    vectors  name of a stage → a row for each number, after the sinusoids or the MLP for example.
    values   the numbers, evenly spaced and rising.
    of       "time" or "guidance": what the numbers are.

    Raises ValueError when there are not as many rows as values, or a row is zero.
    """
    _check_values(values, of)
    for name, rows in vectors.items():
        if len(rows) != len(values) or not rows.any(axis=1).all():
            zero = int((~rows.any(axis=1)).sum())
            raise ValueError(
                f"{name!r} has {len(rows)} rows for {len(values)} values, and {zero} of them are "
                f"zero, but each value needs a row that points somewhere."
            )
    maps = {name: _similarity(rows) for name, rows in vectors.items()}
    fig = new_figure(0.6 + 2.6 * len(maps), 3.75)
    panels = fig.subplots(1, len(maps), sharey=True, squeeze=False)[0]
    ends = (values[0], values[-1])
    for ax, (name, similarity) in zip(panels, maps.items(), strict=True):
        lowest = float(similarity.min())
        image = ax.imshow(
            similarity, cmap=shades(of), vmin=lowest, vmax=1, origin="lower", extent=ends * 2
        )
        _name_numbers(ax, values, of)
        ax.set_title(name)
        ticks = numbered((lowest, (1 + lowest) / 2, 1))
        scale_below(fig, image, ax, "cosine similarity", ticks)
    panels[0].set(ylabel=NUMBERS[of], yticks=panels[0].get_xticks())
    panels[0].yaxis.set_major_formatter("{x:g}")
    return described(fig, _told(maps, values, of))


def _check_sinusoids(
    embedding: np.ndarray, values: Sequence[float], periods: Sequence[float]
) -> None:
    if embedding.shape != (len(values), 2 * len(periods)):
        raise ValueError(
            f"embedding has the shape {embedding.shape} for {len(values)} values and "
            f"{len(periods)} periods, but a row for each value and two columns for each clock, a "
            f"cosine and a sine, are expected."
        )
    spacing = values[1] - values[0]
    if spacing >= min(periods) / 2:
        count = int(2 * (values[-1] - values[0]) / min(periods)) + 2
        raise ValueError(
            f"values are {spacing:.2g} apart, but the fastest clock turns once in "
            f"{min(periods):.2g}, so it would seem to turn slowly. Take {count} values or more."
        )


def _check_values(values: Sequence[float], of: str) -> None:
    if of not in NUMBERS:
        raise ValueError(f"of is {of!r}, but {' or '.join(NUMBERS)} is embedded.")
    spacing = np.diff(values)
    if not len(spacing) or spacing.min() <= 0 or not np.allclose(spacing, spacing[0], rtol=1e-3):
        raise ValueError(
            f"values are {[round(float(value), 3) for value in values[:4]]} …, but they should "
            f"rise in even steps, as those of linspace do."
        )


def _draw_clocks(ax: Axes, waves: np.ndarray, values: Sequence[float]) -> None:
    """A row a clock, a column a number."""
    ax.imshow(
        waves.T,
        cmap=signed_shades(),
        vmin=-1,
        vmax=1,
        aspect="auto",
        extent=(values[0], values[-1], waves.shape[1] - 0.5, -0.5),
        # Waves finer than a dot of the printer become their mean, not a false pattern.
        interpolation="hanning",
        interpolation_stage="data",
    )


def _name_numbers(ax: Axes, values: Sequence[float], of: str) -> None:
    """The axis of the embedded numbers: both ends and the middle."""
    ax.set_xlabel(NUMBERS[of])
    ax.set_xticks([values[0], (values[0] + values[-1]) / 2, values[-1]])
    ax.xaxis.set_major_formatter("{x:g}")
    ax.spines[:].set_visible(False)
    tuck_in(ax)


def _mark_periods(ax: Axes, periods: Sequence[float]) -> None:
    """Name the clocks whose period is a power of ten."""
    logs = np.log10(periods)
    powers = range(int(np.ceil(logs[0])), int(np.floor(logs[-1])) + 1)
    clocks = np.interp(list(powers), logs, np.arange(len(logs)))
    ax.set_yticks(clocks, [f"{10.0**power:,g}" for power in powers])
    ax.set_ylabel("one turn of the clock takes")


def _part_clocks(ax: Axes, turning: int, half: int) -> None:
    """Count the clocks above and below the dashed line."""
    look = {"color": current_theme().quiet, "fontsize": 9, "va": "center"}
    place = {"transform": ax.get_yaxis_transform(), **look}
    if turning:
        ax.text(1.03, (turning - 1) / 2, f"{turning} clocks\nturn", **place)
    if turning < half:
        middle = (turning + half - 1) / 2
        ax.text(1.03, middle, f"{half - turning} clocks\ndo not turn\nonce", **place)


def _similarity(rows: np.ndarray) -> np.ndarray:
    """Equation (2) for all pairs of rows."""
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return directions @ directions.T


def _told(maps: Mapping[str, np.ndarray], values: Sequence[float], of: str) -> str:
    middle = len(values) // 2
    places = []
    for name, similarity in maps.items():
        row = similarity[middle]
        places.append(
            f"{name}, {row[0]:.2f} to the first and {row[-1]:.2f} to the last, at least "
            f"{similarity.min():.2f} anywhere"
        )
    return (
        f"Cosine similarity of {NUMBERS[of]} from {values[0]:g} to {values[-1]:g}, every value "
        f"with every other. The value in the middle, {values[middle]:g}, is alike: "
        f"{'; '.join(places)}."
    )
