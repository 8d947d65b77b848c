"""Attention in four quadrants: text and picture, each looking at itself and at the other.

    rows look, columns are looked at       text first, in both
    T → T    T → I
    I → T    I → I                          a row of attention adds up to 1

Joint attention is one softmax over all tokens. What a cross-attention layer would do is I → T; here
it shares one budget with I → I.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import scale_below
from fluxlearn.plots.stages import in_percent
from fluxlearn.plots.style import current_theme, lettering, shades

MOST_CELLS = 128  # a side of a quadrant; more tokens are averaged into blocks
SMALLEST = 0.3  # the share of a side that the shorter of text and picture has at least
REACH = 16  # shades run from even attention divided by this to even attention times this
SCALE = {1 / REACH: f"1/{REACH}", 1: "1", REACH: f"{REACH}"}

STREAMS = {"T": "text", "I": "image"}


def plot_quadrants(attention: Float[np.ndarray, "seq seq"], txt: int) -> Figure:
    """An attention matrix, cut where the text ends, and the share of attention of each quadrant.

    What to see: how much of its attention text gives to text and to the picture, and the same for
    the picture, as means over the tokens that look. Below each share stands the even one, by the
    number of tokens. Upright stripes are tokens at which all look, a diagonal is tokens that look
    at themselves, and lines beside it are tokens that look one row of the picture up or down.

    attention  a row for each token that looks; one head, or a mean over heads. Rows are read as
               shares of their own sum, so block means of a larger matrix will do as well.
    txt        how many rows and columns, from the first, are text.

    Raises ValueError when text or picture would be empty, or a row looks at nothing.
    """
    _check(attention, txt)
    attention = attention / attention.sum(axis=1, keepdims=True)
    tokens = len(attention)
    part = min(max(txt / tokens, SMALLEST), 1 - SMALLEST)
    cuts = {"T": slice(0, txt), "I": slice(txt, tokens)}
    fig = new_figure(5.2, 5.8)
    panels = fig.subplots(
        2, 2, width_ratios=(part, 1 - part), height_ratios=(part, 1 - part), squeeze=False
    )
    shares = {}
    for row, (looks, asking) in enumerate(cuts.items()):
        for column, (seen, asked) in enumerate(cuts.items()):
            ax, quadrant = panels[row, column], attention[asking, asked]
            _draw_quadrant(ax, quadrant * tokens, STREAMS[seen])
            name, even = f"{looks} → {seen}", quadrant.shape[1] / tokens
            shares[name] = float(quadrant.sum(axis=1).mean()), even
            _write_share(ax, name, shares[name], STREAMS[seen])
    for column, (seen, asked) in enumerate(cuts.items()):
        panels[1, column].set_xlabel(f"{asked.stop - asked.start} {STREAMS[seen]} tokens")
        panels[column, 0].set_ylabel(f"{STREAMS[seen]} tokens look")
        length = 60 * (part if column == 0 else 1 - part)
        image = panels[1, column].images[0]
        scale_below(fig, image, panels[:, column], "times even attention", SCALE, length)
    return described(fig, _told(shares, txt, tokens))


def _check(attention: np.ndarray, txt: int) -> None:
    if attention.ndim != 2 or attention.shape[0] != attention.shape[1]:
        raise ValueError(
            f"attention has the shape {attention.shape}, but one square matrix is expected. Choose "
            f"a head, or take the mean over heads."
        )
    if not 0 < txt < len(attention):
        raise ValueError(f"txt is {txt}, but the cut must fall inside the {len(attention)} tokens.")
    if not (attention >= 0).all() or not attention.any(axis=1).all():
        raise ValueError(
            f"attention goes from {attention.min():.3g} to {attention.max():.3g}, but every row is "
            f"shares, 0 or more and not all 0. Are these scores before the softmax?"
        )


def _draw_quadrant(ax: Axes, relative: np.ndarray, stream: str) -> None:
    """A heat map in the colour of what is looked at; 1 is even attention."""
    ax.imshow(
        _in_blocks(relative).clip(1 / REACH, REACH),
        cmap=shades(stream),
        norm=LogNorm(1 / REACH, REACH),
        aspect="auto",
    )
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=current_theme().rule)


def _write_share(ax: Axes, name: str, share: tuple[float, float], stream: str) -> None:
    """Name and share above a quadrant, and below them the share that even attention would have."""
    given, even = map(in_percent, share)
    ax.set_title(f"{name}   {given}", color=lettering(stream), pad=15)
    look = {"fontsize": 8, "color": current_theme().quiet, "transform": ax.transAxes}
    ax.text(0, 1, f"even: {even}", va="bottom", **look)


def _in_blocks(values: np.ndarray) -> np.ndarray:
    """The matrix itself, or its means over blocks if a side has more than MOST_CELLS."""
    for axis, length in enumerate(values.shape):
        starts = np.arange(min(length, MOST_CELLS)) * length // min(length, MOST_CELLS)
        sizes = np.diff(np.append(starts, length))
        sums = np.add.reduceat(values, starts, axis=axis)
        values = sums / np.expand_dims(sizes, 1 - axis)
    return values


def _told(shares: Mapping[str, tuple[float, float]], txt: int, tokens: int) -> str:
    given = [
        f"{name.replace('→', 'to')} {in_percent(share)} (even: {in_percent(even)})"
        for name, (share, even) in shares.items()
    ]
    return (
        f"Attention of {txt} text and {tokens - txt} image tokens, cut into four quadrants by who "
        f"looks and who is looked at, T for text and I for image. Shares of what each looks at: "
        f"{', '.join(given)}."
    )
