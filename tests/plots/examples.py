"""One example of every figure, from made-up numbers that are always the same."""

import numpy as np
import torch

from fluxlearn.plots.figure import Figure
from fluxlearn.plots.images import plot_grid, plot_masks, plot_storyboard
from fluxlearn.plots.modulation import plot_modulation
from fluxlearn.plots.residual import plot_residuals
from fluxlearn.plots.schedule import plot_schedule
from fluxlearn.plots.stages import plot_stages

STEPS = 8
TIMES = [float(t) for t in np.linspace(1, 0, STEPS + 1) ** 0.7]
BRANCHES = ["double 0 · image attention", "double 0 · text attention", "single 0", "last layer"]


def pictures(count: int) -> list[np.ndarray]:
    """Discs on white that sharpen and redden from one to the next."""
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    discs = [np.clip((0.6 - np.hypot(x, y)) * (2 + 20 * i / count), 0, 1) for i in range(count)]
    ground, colour = np.array([255, 255, 255]), np.array([215, 15, 30])
    return [(ground + d[..., None] * (colour - ground)).astype(np.uint8) for d in discs]


def modulation() -> Figure:
    branch, step = np.mgrid[: len(BRANCHES), :STEPS]
    shift = (1 + branch) * (0.5 + np.cos(step) ** 2)
    gate = np.where(branch == 3, np.nan, shift / 4)
    return plot_modulation({"shift": shift, "gate": gate}, BRANCHES, TIMES[:-1])


def residuals() -> Figure:
    step, depth = np.mgrid[:STEPS, :6]
    return plot_residuals(1.0 + depth * (1 + step / 8), 2.0 + depth, 2, TIMES[:-1])


EXAMPLES = {
    "grid": lambda: plot_grid(pictures(3), ["one", "two", "three"]),
    "storyboard": lambda: plot_storyboard(pictures(STEPS), TIMES[:-1]),
    "masks": lambda: plot_masks(torch.ones(3, 8, 8), torch.eye(8)[None] > 0, ["a diagonal"]),
    "schedule": lambda: plot_schedule(TIMES),
    "schedule with estimates": lambda: plot_schedule(TIMES, pictures(STEPS)),
    "modulation": modulation,
    "residuals": residuals,
    "stages": lambda: plot_stages(["T5", "Blocks"], [0.01, 0.5], ["text", "image"]),
}
