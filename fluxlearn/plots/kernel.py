"""The kernel of rotary positions: what a difference of position alone does to a score.

    (1)  ⟨R(p) q, R(p′) k⟩ = Σₖ |qₖ| |kₖ| cos(αₖ + (p′ − p) · ωₖ)      αₖ from pair qₖ to pair kₖ
    (2)  κ(Δ)              = meanₖ cos(Δ · ωₖ)

(2) is (1) for an equal query and key of length 1, spread evenly over the planes. At Δ = 0 all
cosines are 1; away from it they fall out of step and their mean falls. So of tokens that look
alike, near ones score higher. Axes own different planes: cosines are added, not multiplied.

Source: arXiv:2104.09864.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fluxlearn.plots.axes import tuck_in
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import in_short, numbered, scale_below
from fluxlearn.plots.style import COLOURS, current_theme, lettering, shades


def plot_kernel(frequencies: Mapping[str, Float[np.ndarray, " pair"]], reach: int) -> Figure:
    """The kernel by offset along each position axis, and the cosines that it is the mean of.

    What to see: all cosines meet at offset 0, which gives the mean its peak. With few planes some
    meet again and the mean swings; with more it falls more smoothly. In FLUX.1 it stays above zero
    within a picture, where the slow planes hardly turn.

    frequencies  name of an axis → ω of its planes, in radians a position.
    reach        the largest offset to draw, to either side.

    Raises ValueError without an axis, or without an offset.
    """
    if not frequencies or reach < 1:
        raise ValueError(
            f"{len(frequencies)} axes and a reach of {reach} were given, but at least one axis and "
            f"one offset are drawn."
        )
    # Also between whole offsets: fast waves would be drawn with corners else.
    offsets = np.linspace(-reach, reach, 16 * reach + 1)
    fig = new_figure(0.5 + 2.3 * len(frequencies), 2.5)
    panels = fig.subplots(1, len(frequencies), sharey=True, squeeze=False)[0]
    kernels = {}
    for ax, (name, omegas) in zip(panels, frequencies.items(), strict=True):
        cosines = np.cos(np.outer(offsets, omegas))
        kernels[name] = cosines.mean(axis=1)
        _draw_kernel(ax, offsets, cosines, kernels[name])
        ax.set_title(f"{name}: {len(omegas)} planes")
    panels[0].set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"])
    panels[0].set_ylabel("cosine")
    _name_lines(panels[-1], list(kernels.values())[-1][-1])
    ends = [
        f"{name} {kernel[-1]:.2f}, with {kernel.min():.2f} as the lowest"
        for name, kernel in kernels.items()
    ]
    return described(
        fig,
        f"The mean of the cosines of all planes by offset, −{reach} to {reach}: 1 at offset 0 and "
        f"less on both sides. At offset {reach}: {'; '.join(ends)}.",
    )


def plot_kernel_map(
    rows: Float[np.ndarray, "_"],
    columns: Float[np.ndarray, "_"],
    token: tuple[int, int],
    size: tuple[int, int],
    still: int = 0,
) -> Figure:
    """The kernel around one token of a picture: what its place alone makes of every other token.

        κ(Δrow, Δcolumn) = (still + Σ cos(Δrow · ω) + Σ cos(Δcolumn · ω)) / planes

    What to see: not a disc but a cross. A token of the same row keeps all of the row's cosines at
    1, however many columns away it is.

    rows, columns  ω of the planes of both axes, in radians a position.
    token          row and column of the token that looks.
    size           rows and columns of the picture's tokens.
    still          planes that do not turn within a picture: those of the reference index.

    Raises ValueError when the token is not in the picture.
    """
    if not all(0 <= place < length for place, length in zip(token, size, strict=True)):
        raise ValueError(
            f"token is {token}, but rows run from 0 to {size[0] - 1} and columns to {size[1] - 1}."
        )
    down, across = (np.arange(length) - place for place, length in zip(token, size, strict=True))
    vertical = np.cos(np.outer(down, rows)).sum(axis=1)
    horizontal = np.cos(np.outer(across, columns)).sum(axis=1)
    kernel = still + vertical[:, None] + horizontal[None, :]
    kernel /= still + len(rows) + len(columns)
    fig = new_figure(3.6, 3.1 * size[0] / size[1] + 0.95)
    ax = fig.subplots()
    lowest = float(kernel.min())
    image = ax.imshow(kernel, cmap=shades("image"), vmin=lowest, vmax=1)
    ax.plot(token[1], token[0], "o", color=current_theme().card, markersize=3.5)
    ax.set(xlabel="column", ylabel="row")
    ax.spines[:].set_visible(False)
    scale_below(fig, image, ax, "κ: 1 is the token itself", numbered((lowest, (1 + lowest) / 2, 1)))
    place = np.unravel_index(kernel.argmin(), kernel.shape)
    return described(
        fig,
        f"The kernel around the token in row {token[0]}, column {token[1]} of {size[0]} × "
        f"{size[1]}: a cross along its row and its column. It is 1 at the token and lowest, "
        f"{lowest:.2f}, in row {place[0]}, column {place[1]}.",
    )


def _draw_kernel(ax: Axes, offsets: np.ndarray, cosines: np.ndarray, kernel: np.ndarray) -> None:
    theme = current_theme()
    ax.axhline(0, color=theme.rule, linewidth=0.8)
    ax.plot(offsets, cosines, color=theme.quiet, linewidth=0.5, alpha=0.35)
    ax.plot(offsets, kernel, color=COLOURS["image"], linewidth=2.2)
    ax.set(xlabel="offset in positions", ylim=(-1.04, 1.04), xlim=(offsets[0], offsets[-1]))
    ax.set_xticks([offsets[0], 0, offsets[-1]], [in_short(offsets[0]), "0", in_short(offsets[-1])])
    tuck_in(ax)
    ax.spines[:].set_visible(False)


def _name_lines(ax: Axes, end: float) -> None:
    """Say beside the last panel what is bold and what is thin."""
    beside = {"va": "center", "transform": ax.get_yaxis_transform()}
    ax.text(1.04, end, "mean", color=lettering("image"), weight="bold", **beside)
    ax.text(1.04, end - 1.1, "planes", color=current_theme().quiet, fontsize=9, **beside)
