"""Pictures side by side: a grid with titles, a storyboard over time, masks over a picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme

SIDE = 1.25  # inches a picture


def plot_grid(pictures: Sequence[Any], titles: Sequence[str], columns: int = 5) -> Figure:
    """Pictures in rows, each under its title.

    pictures  PIL images, byte arrays [px_h, px_w, rgb], or tensors [rgb, px_h, px_w] in −1..1.

    Raises ValueError when there are none, or not as many titles.
    """
    if not len(pictures) or len(pictures) != len(titles):
        raise ValueError(
            f"{len(pictures)} pictures came with {len(titles)} titles, but each picture needs one."
        )
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    fig = new_figure(SIDE * columns + 0.1, (SIDE + 0.27) * rows)
    for ax in (places := fig.subplots(rows, columns, squeeze=False).ravel()):
        clear_frame(ax)
    for ax, picture, title in zip(places, pictures, titles, strict=False):
        show_picture(ax, as_array(picture))
        ax.set_title(title, fontsize=9, fontweight="normal", loc="center", pad=3)
    told = "a row" if rows == 1 else f"{rows} rows"
    return described(fig, f"{len(pictures)} pictures in {told}: {', '.join(titles)}.")


def plot_storyboard(estimates: Sequence[Any], times: Sequence[float], columns: int = 5) -> Figure:
    """What the model expected to paint at some times, from noise to picture.

    estimates  the decoded x₀ estimates, as `plot_grid` takes them.
    times      when each was made; 1 is noise, 0 is the picture.

    Raises ValueError when there are none, or not as many times.
    """
    fig = plot_grid(estimates, [f"t = {t:.2f}" for t in times], columns)
    return described(
        fig,
        f"The finished picture as the model expects it at {len(times)} times, from t = "
        f"{times[0]:.2f}, where it sees almost only noise, to t = {times[-1]:.2f}.",
    )


def plot_masks(picture: Any, masks: Any, names: Sequence[str]) -> Figure:
    """A picture, and beside it each mask: what is outside fades, the border is drawn.

    masks  [objects, px_h, px_w], true inside.

    Raises ValueError when there are not as many names as masks, or masks of another size.
    """
    masks = np.asarray(masks, dtype=bool)
    if len(masks) != len(names):
        raise ValueError(f"{len(masks)} masks came with {len(names)} names, but each needs one.")
    whole = as_array(picture)
    if len(masks) and masks.shape[1:] != whole.shape[:2]:
        raise ValueError(
            f"the masks have the shape {masks.shape}, but each should be as large as the picture, "
            f"{whole.shape[:2]}. Draw or resize them in its pixels."
        )
    card = 255 * np.array(to_rgb(current_theme().card))
    faded = (0.15 * whole + 0.85 * card).astype(np.uint8)
    inside = [np.where(mask[..., None], whole, faded) for mask in masks]
    fig = plot_grid([whole, *inside], ["picture", *names], columns=len(names) + 1)
    for ax, mask in zip(fig.axes[1:], masks, strict=True):
        if mask.any() and not mask.all():
            ax.contour(mask, levels=[0.5], colors=COLOURS["image"], linewidths=1.5)
    return described(fig, f"A picture, and where in it are: {', '.join(names)}.")


def as_array(picture: Any) -> np.ndarray:
    """Any of the three kinds of picture as bytes [px_h, px_w, rgb].

    Raises ValueError for a tensor or array of another shape.
    """
    if hasattr(picture, "detach"):
        levels = (picture.detach().float().cpu().numpy().clip(-1, 1) + 1) * 127.5
        picture = levels.round().astype(np.uint8).transpose(1, 2, 0) if levels.ndim == 3 else levels
    array = np.asarray(picture)
    if array.ndim != 3 or array.shape[-1] not in (3, 4):
        raise ValueError(
            f"a picture has the shape {array.shape}, but an image, bytes [px_h, px_w, rgb] or a "
            f"tensor [rgb, px_h, px_w] is expected. Take one picture out of a batch with [0]."
        )
    return array[..., :3]


def show_picture(ax: Axes, picture: np.ndarray) -> None:
    """Draw a picture with a hairline around it; a white one on white paper had no border else."""
    height, width = picture.shape[:2]
    ax.imshow(picture)
    look = {"fill": False, "edgecolor": current_theme().rule, "linewidth": 1, "clip_on": False}
    ax.add_patch(Rectangle((-0.5, -0.5), width, height, **look))
