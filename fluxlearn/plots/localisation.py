"""Whether maps of words lie on what the words name: the pointing of every head, and one picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from fluxlearn.plots.attention import plot_attention
from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import scale_below
from fluxlearn.plots.style import COLOURS, shades

MOST_ROWS, MOST_COLUMNS = 40, 8  # more blocks or heads are named one in two, three, …


def plot_pointing(
    panels: Mapping[str, Float[np.ndarray, "block head"]], blocks: Sequence[str], chance: float
) -> Figure:
    """Heat maps of how often each head points right, a panel for each kind of word, or each time.

    panels  title → shares in [0, 1]. All have one scale, from 0 to 1.
    blocks  names of the rows.
    chance  share that a map which knows nothing reaches.

    Raises ValueError without panels, for other rows than blocks, and when all of a panel is NaN.
    """
    _check(panels, blocks)
    heads = next(iter(panels.values())).shape[1]
    every, rows = -(-len(blocks) // MOST_ROWS), min(len(blocks), MOST_ROWS)
    width = 1.3 + len(panels) * (0.5 + 0.2 * min(heads, 24))
    fig = new_figure(width, 1.5 + 0.26 * rows)
    axes = fig.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    look = {"aspect": "auto", "cmap": shades("text"), "vmin": 0, "vmax": 1}
    for ax, (title, shares) in zip(axes, panels.items(), strict=True):
        ax.imshow(shares, **look)
        clear_frame(ax)
        ax.set_xticks(range(0, heads, max(1, heads // MOST_COLUMNS)))
        ax.set(xlabel="head", title=title)
    axes[0].set_yticks(range(0, len(blocks), every), blocks[::every])
    label = f"share of words whose map points right; by chance {chance:.2f}"
    scale_below(fig, axes[0].images[0], axes, label, {0.0: "0", 1.0: "1"})
    return described(fig, f"How often each head points right, by block: {_told(panels, blocks)}.")


def plot_found(
    picture: Any,
    maps: Mapping[str, Float[np.ndarray, "h w"]],
    masks: Mapping[str, Bool[np.ndarray, "px_h px_w"]],
) -> Figure:
    """A picture, and beside it the map of each word with the border of what the word names.

    picture  as `plot_attention` takes it.
    masks    word → true inside; a word that names nothing has no border.

    Raises ValueError as `plot_attention` does, and for a mask of a word that has no map.
    """
    for word in masks:
        if word not in maps:
            raise ValueError(f"{word!r} has a mask but no map. There are {', '.join(maps)}.")
    fig = plot_attention(picture, maps)
    hits = []
    for ax, (word, values) in zip(fig.axes[1:], maps.items(), strict=True):
        mask = masks.get(word)
        if mask is None or not mask.any() or mask.all():
            continue
        ax.contour(mask, levels=[0.5], colors=COLOURS["image"], linewidths=1.5)
        share = _share_inside(values, mask)
        hits.append(f"{word} has {100 * share:.0f} % of its map inside its border")
    return described(fig, f"{fig.alt[:-1]}; {'; '.join(hits) or 'no word has a border'}.")


def _check(panels: Mapping[str, np.ndarray], blocks: Sequence[str]) -> None:
    if not panels:
        raise ValueError("panels is empty, but a title and its shares are needed.")
    for title, shares in panels.items():
        if len(shares) != len(blocks) or np.isnan(shares).all():
            raise ValueError(
                f"the shares of {title!r} have the shape {shares.shape} for {len(blocks)} blocks, "
                f"but each row needs a name, and at least one number must be known."
            )


def _told(panels: Mapping[str, np.ndarray], blocks: Sequence[str]) -> str:
    best = []
    for title, shares in panels.items():
        row, head = divmod(int(np.nanargmax(shares)), shares.shape[1])
        best.append(f"{title}, best {blocks[row]} head {head} ({100 * shares[row, head]:.0f} %)")
    return "; ".join(best)


def _share_inside(values: np.ndarray, mask: np.ndarray) -> float:
    """How much of a map lies inside a mask, each token spread evenly over its pixels."""
    rows, columns = (
        pixels // tokens for pixels, tokens in zip(mask.shape, values.shape, strict=True)
    )
    spread = values.repeat(rows, axis=0).repeat(columns, axis=1)
    return float(spread[mask].sum() / spread.sum())
