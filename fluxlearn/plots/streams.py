"""Both streams by depth: how large the values of their tokens are, and how far outliers stick out.

The size of the streams themselves is drawn by `plots.residual`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.axes import (
    count_in_factors,
    draw_band,
    key_of_band,
    mark_blocks,
    name_curves,
    number_depths,
)
from fluxlearn.plots.figure import HALF_PAGE, Figure, described, new_figure
from fluxlearn.plots.style import COLOURS


def plot_values(
    img: Float[np.ndarray, "block head"], txt: Float[np.ndarray, "block head"], doubles: int
) -> Figure:
    """Length of a token's value vector by block: a dot a head, a line through their means.

    doubles  how many of the blocks are double blocks.

    Raises ValueError when the two do not have the same shape.
    """
    _check({"img": img, "txt": txt})
    fig = new_figure(*HALF_PAGE)
    ax = fig.subplots()
    blocks = np.arange(1, len(img) + 1)
    for values, stream, aside in ((img, "image", 0.08), (txt, "text", -0.08)):
        ax.plot(blocks, values.mean(axis=1), color=COLOURS[stream])
        places = np.repeat(blocks + aside, values.shape[1])
        ax.scatter(places, values.ravel(), s=9, color=COLOURS[stream], alpha=0.5, linewidth=0)
    _finish(ax, len(img), doubles, "length of a value vector")
    ax.set_xlabel("block; a dot is a head")
    ax.set_xticks(range(1, len(img) + 1, max(1, len(img) // 6)))
    ends = {"image": float(img[-1].mean()), "text": float(txt[-1].mean())}
    name_curves(ax, ends, len(img))
    ratio = txt.mean(axis=1) / img.mean(axis=1)
    return described(
        fig,
        f"Mean length of the value vectors of image and text tokens in each head of {len(img)} "
        f"blocks. Text values are {ratio.min():.2g} to {ratio.max():.2g} times as long as those "
        f"of the picture, most so in block {int(ratio.argmax()) + 1}.",
    )


def plot_outliers(
    img: Mapping[str, Float[np.ndarray, "step depth"]],
    txt: Mapping[str, Float[np.ndarray, "step depth"]],
    doubles: int,
    times: Sequence[float],
) -> Figure:
    """Two panels by depth: the largest number beside the median, and the kurtosis.

    img, txt  "peak", "median" and "kurtosis" → a row for each sampling step; the first column is
              the embedding. The first row is drawn thin, the last bold, a band spans all of them.
    doubles   how many of the blocks are double blocks.
    times     of the rows.

    Raises ValueError when arrays do not have the same shape, or not as many rows as times.
    """
    named = {
        f"{stream} {key}": x for stream, d in (("img", img), ("txt", txt)) for key, x in d.items()
    }
    _check(named, len(times))
    fig = new_figure(2 * HALF_PAGE[0], HALF_PAGE[1])
    ratios = {"image": img["peak"] / img["median"], "text": txt["peak"] / txt["median"]}
    kurtosis = {"image": img["kurtosis"], "text": txt["kurtosis"]}
    columns = ratios["image"].shape[1]
    labels = ("largest |x| / median |x|", "kurtosis; 3 is a bell curve")
    for ax, curves, label in zip(fig.subplots(1, 2), (ratios, kurtosis), labels, strict=True):
        for stream, values in curves.items():
            draw_band(ax, values, stream)
        _finish(ax, columns - 1, doubles, label)
        number_depths(ax, columns, key_of_band(times))
        name_curves(ax, {stream: float(x[-1, -1]) for stream, x in curves.items()}, columns - 1)
    most = {stream: int(values[-1].argmax()) for stream, values in ratios.items()}
    told = [f"{s} tokens {ratios[s][-1, d]:.3g} after {d} blocks" for s, d in most.items()]
    return described(
        fig,
        f"How far the largest number of each stream sticks out, by depth, and its kurtosis. At t = "
        f"{times[-1]:.2f} the largest is at most so many times the median: {', '.join(told)}.",
    )


def _check(arrays: Mapping[str, np.ndarray], rows: int | None = None) -> None:
    shapes = {name: values.shape for name, values in arrays.items()}
    first = next(iter(shapes.values()))
    if len(set(shapes.values())) > 1 or (rows is not None and first[0] != rows):
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        wanted = "" if rows is None else f" with a row for each of {rows} times"
        raise ValueError(f"the shapes are {told}, but one shape for all is expected{wanted}.")


def _finish(ax: Axes, blocks: int, doubles: int, label: str) -> None:
    mark_blocks(ax, doubles, blocks - doubles)
    ax.set_ylabel(label)
    count_in_factors(ax)
