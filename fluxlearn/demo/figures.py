"""The demo's figures, drawn from a `Look`: one function each, in the theme that is in force."""

from collections.abc import Callable

from PIL import Image

from fluxlearn.demo.look import Look
from fluxlearn.plots.figure import Figure
from fluxlearn.plots.images import plot_storyboard
from fluxlearn.plots.modulation import plot_modulation
from fluxlearn.plots.residual import plot_residuals
from fluxlearn.plots.schedule import plot_schedule
from fluxlearn.plots.stages import plot_stages

STORY, COLUMNS = 12, 6  # pictures of a storyboard, and how many of them in a row
ENLARGED = 512  # pixels a side, at least, of the saved picture


def story_steps(look: Look) -> list[int]:
    """The steps of the storyboard: the first, the last and evenly between."""
    last = len(look.estimates) - 1
    count = min(STORY, last + 1)
    return [round(last * i / max(1, count - 1)) for i in range(count)]


def storyboard(look: Look) -> Figure:
    """What the model expected to paint, from noise to picture."""
    steps = story_steps(look)
    estimates, times = [look.estimates[i] for i in steps], [look.times[i] for i in steps]
    return plot_storyboard(estimates, times, COLUMNS)


def schedule(look: Look) -> Figure:
    """When the model was asked, and what it expected then."""
    return plot_schedule(look.picture.times, look.estimates)


def modulation(look: Look) -> Figure:
    """How strongly every branch was shifted, stretched and gated at every step."""
    return plot_modulation(look.modulation, look.branches, look.times)


def residuals(look: Look) -> Figure:
    """How large both streams are, from block to block."""
    return plot_residuals(look.img, look.txt, look.pipe.flux.config.depth, look.times)


def stages(look: Look) -> Figure:
    """Where the time went."""
    rows = look.timings
    return plot_stages(
        [row.stage.name for row in rows],
        [row.seconds for row in rows],
        [row.stage.kind for row in rows],
    )


FIGURES: dict[str, Callable[[Look], Figure]] = {
    "storyboard": storyboard,
    "schedule": schedule,
    "modulation": modulation,
    "residuals": residuals,
    "stages": stages,
}


def enlarged(picture: Image.Image) -> Image.Image:
    """The picture with every pixel as a square of pixels: larger, and as sharp as it is."""
    factor = max(1, -(-ENLARGED // min(picture.size)))
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.NEAREST)
