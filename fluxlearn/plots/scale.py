"""The scale beside a heat map: what a shade stands for."""

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes

from fluxlearn.plots.axes import tuck_in
from fluxlearn.plots.figure import Figure


def scale_below(
    fig: Figure,
    image: Any,
    panels: Axes | Iterable[Axes],
    label: str,
    ticks: Mapping[float, str],
    length: float = 30,
) -> None:
    """Draw the scale of a heat map below it, or below several that share it.

    image   what `imshow` returned.
    ticks   value → what is written there, rising; `numbered` makes it from values.
    length  how many times longer than thick the scale is.
    """
    below = panels if isinstance(panels, Axes) else list(panels)
    bar = fig.colorbar(image, ax=below, location="bottom", aspect=length, pad=0.03, label=label)
    bar.minorticks_off()
    bar.set_ticks(list(ticks), labels=list(ticks.values()))
    bar.ax.spines[:].set_visible(False)
    tuck_in(bar.ax)


def numbered(values: Iterable[float]) -> dict[float, str]:
    """Values, each with itself in short."""
    return {value: in_short(value) for value in values}


def in_short(number: float) -> str:
    """A number with two digits that count and a true minus sign: -0.1234 → '−0.12'."""
    return f"{number:.2g}".replace("-", "−")
