"""Maps of words as a picture comes about: a row for each word, a column for each time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.attention import largest_share, lay_over, pale
from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.images import as_array, show_picture
from fluxlearn.plots.style import lettering

SIDE = 1.15  # inches a panel


def plot_attention_steps(
    pictures: Sequence[Any],
    maps: Mapping[str, Float[np.ndarray, "step h w"]],
    times: Sequence[float],
) -> Figure:
    """What the model expected to paint at some times, and below it each map at the same times.

    pictures  the decoded x₀ estimates, as `plot_attention` takes them.
    maps      word → share of attention in [0, 1], one map for each picture. All maps of a word have
              one scale, from 0 to the largest value, which stands below the word.
    times     when; 1 is noise, 0 is the picture.

    Raises ValueError without maps, and when the numbers of pictures, maps and times differ.
    """
    _check(pictures, maps, times)
    shown = [as_array(picture) for picture in pictures]
    fig = new_figure(SIDE * len(times) + 0.75, SIDE * (len(maps) + 1) + 0.3)
    axes = fig.subplots(len(maps) + 1, len(times), squeeze=False)
    for ax, picture, time in zip(axes[0], shown, times, strict=True):
        clear_frame(ax)
        show_picture(ax, picture)
        ax.set_title(f"t = {time:.2f}", fontsize=9, fontweight="normal", loc="center", pad=3)
    _name_row(axes[0, 0], "expected\npicture", "image")
    for row, (name, values) in zip(axes[1:], maps.items(), strict=True):
        top = np.nanmax(values) or 1
        for ax, picture, one in zip(row, shown, values, strict=True):
            clear_frame(ax)
            show_picture(ax, pale(picture))
            lay_over(ax, one / top, picture.shape[:2])
        _name_row(row[0], f"{name}\nup to {largest_share(values)}", "text")
    return described(fig, _told(maps, times))


def _check(pictures: Sequence[Any], maps: Mapping[str, np.ndarray], times: Sequence[float]) -> None:
    if not maps:
        raise ValueError("maps is empty, but a word and its maps are needed.")
    counts = {name: len(values) for name, values in maps.items()}
    if set(counts.values()) != {len(times)} or len(pictures) != len(times):
        raise ValueError(
            f"{len(times)} times came with {len(pictures)} pictures and with maps of {counts}, but "
            f"each time needs one of each."
        )


def _name_row(ax: Axes, text: str, of: str) -> None:
    ax.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=9, color=lettering(of))


def _told(maps: Mapping[str, np.ndarray], times: Sequence[float]) -> str:
    first, last = (f"t = {time:.2f}" for time in (times[0], times[-1]))
    places = [
        f"{name} most at {_peak(values[0])} at {first} and at {_peak(values[-1])} at {last}"
        for name, values in maps.items()
    ]
    return (
        f"The picture as the model expects it at {len(times)} times, and where its tokens look: "
        f"{'; '.join(places)}."
    )


def _peak(values: np.ndarray) -> str:
    row, column = divmod(int(np.nanargmax(values)), values.shape[1])
    return f"row {row + 1}, column {column + 1} ({largest_share(values)})"
