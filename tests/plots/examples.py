"""One example of every figure, from made-up numbers that are always the same."""

import numpy as np
import torch

from fluxlearn.plots.convergence import plot_convergence
from fluxlearn.plots.embeddings import plot_similarity, plot_sinusoids
from fluxlearn.plots.field import field_grid, plot_field, plot_paths
from fluxlearn.plots.figure import Figure
from fluxlearn.plots.images import plot_grid, plot_masks, plot_storyboard
from fluxlearn.plots.kernel import plot_kernel, plot_kernel_map
from fluxlearn.plots.latents import plot_latent
from fluxlearn.plots.modulation import plot_modulation, plot_signed_modulation
from fluxlearn.plots.quadrants import plot_quadrants
from fluxlearn.plots.recipes import plot_errors, plot_mixtures
from fluxlearn.plots.residual import plot_residuals
from fluxlearn.plots.rotations import plot_angles, plot_turns
from fluxlearn.plots.schedule import plot_schedule
from fluxlearn.plots.shift import plot_shift
from fluxlearn.plots.similar_tokens import plot_tokens
from fluxlearn.plots.stages import plot_stages
from fluxlearn.plots.tokens import plot_patch, plot_token_grid

STEPS = 8
TIMES = [float(t) for t in np.linspace(1, 0, STEPS + 1) ** 0.7]
ERRORS = {"first": {n: 1 / n for n in (2, 16, 4)}, "second": {n: 2 / n**2 for n in (4, 16)}}
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


def signed_modulation() -> Figure:
    branch, step = np.mgrid[: len(BRANCHES), :STEPS]
    scale = np.cos(branch + step / 2)
    gate = np.where(branch == 3, np.nan, -scale / 4)
    return plot_signed_modulation({"scale": scale, "gate": gate}, BRANCHES, TIMES[:-1])


def frequencies(channels: int) -> np.ndarray:
    """ω of a position axis with so many channels of a head, in radians a position."""
    return 10_000.0 ** (-np.arange(0, channels, 2) / channels)


def clocks(numbers: np.ndarray) -> np.ndarray:
    """Cosines and sines of 16 clocks that turn once in 0.01 to 10."""
    angles = 2 * np.pi * numbers[:, None] / np.geomspace(0.01, 10, 16)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def sinusoids() -> Figure:
    times = np.linspace(0, 1, 301)
    return plot_sinusoids(clocks(times), times.tolist(), np.geomspace(0.01, 10, 16).tolist())


def similarity() -> Figure:
    times = np.linspace(0, 1, 21)
    stages = {"sinusoids": clocks(times), "slow clocks": clocks(times)[:, 8:16]}
    return plot_similarity(stages, times.tolist())


def shift() -> Figure:
    even = np.linspace(1, 0, STEPS + 1)
    bent = {f"× {factor}": factor * even / (1 + (factor - 1) * even) for factor in (2, 4)}
    return plot_shift({name: grid.tolist() for name, grid in {"even": even, **bent}.items()})


def quadrants() -> Figure:
    looks, seen = np.mgrid[:20, :20]
    weights = 1 / (1 + np.abs(looks - seen)) + (seen == 12)
    return plot_quadrants(weights, 4)


def residuals() -> Figure:
    step, depth = np.mgrid[:STEPS, :6]
    return plot_residuals(1.0 + depth * (1 + step / 8), 2.0 + depth, 2, TIMES[:-1])


def field() -> Figure:
    """A spiral that turns faster and faster, around a cross of points."""
    cross = np.concatenate([np.eye(2) * reach for reach in (-2, -1, 1, 2)])
    inwards = field_grid() @ np.array([[1.0, 0.4], [-0.4, 1.0]])
    return plot_field([cross, cross / 2], ["t = 1.00", "t = 0.50"], [inwards, 2 * inwards])


def paths() -> Figure:
    """The same ways gone straight and in bows."""
    start = np.random.default_rng(0).normal(size=(20, 2))
    share = np.linspace(0, 1, 9)[:, None, None]
    straight = (1 - share) * start + share * start[::-1]
    bow = np.sin(np.pi * share) * np.array([0.5, -0.5])
    return plot_paths([straight, straight + bow], ["straight", "in bows"], shown=20)


def mixtures() -> Figure:
    """A chord and its arc."""
    angle = np.linspace(0, np.pi / 2, STEPS + 1)
    share = np.linspace(0, 1, STEPS + 1)
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return plot_mixtures({"chord": np.stack([1 - share, share], axis=-1), "arc": arc})


def errors() -> Figure:
    """Three curves, two of which end in the same place."""
    calls = [1, 2, 4, 8]
    first = [0.5, 0.3, 0.2, 0.15]
    return plot_errors({"first": first, "second": first, "third": [0.9] * 4}, calls, 0.1, "error")


def tokens() -> Figure:
    """The second red has taken something from its neighbour."""
    rows = np.eye(4)[[0, 1, 0, 2]]
    mixed = rows + 0.5 * np.roll(rows, 1, axis=0)
    return plot_tokens({"words": rows, "encoded": mixed}, ["red", "circle", "red", "</s>"])


def latent() -> Figure:
    """Three channels: a slope, its mirror image, nothing."""
    slope = np.linspace(-1, 1, 16).reshape(4, 4)
    return plot_latent(pictures(1)[0], np.stack([slope, -slope, 0 * slope]))


def latents() -> np.ndarray:
    """Three channels of 4 × 6 cells, no two values alike."""
    return np.linspace(-2, 2, 72, dtype=np.float32).reshape(3, 4, 6)


def plot_one_patch() -> Figure:
    values = latents()
    return plot_patch(values, values[:, 2:4, 4:6].ravel(), row=1, column=2)


def plot_token_numbers() -> Figure:
    ids = [[0, row, column] for row in range(2) for column in range(3)]
    return plot_token_grid(torch.ones(3, 32, 48), np.array(ids, dtype=np.float32))


def plot_solver_errors() -> Figure:
    return plot_convergence(ERRORS)


EXAMPLES = {
    "grid": lambda: plot_grid(pictures(3), ["one", "two", "three"]),
    "storyboard": lambda: plot_storyboard(pictures(STEPS), TIMES[:-1]),
    "masks": lambda: plot_masks(torch.ones(3, 8, 8), torch.eye(8)[None] > 0, ["a diagonal"]),
    "schedule": lambda: plot_schedule(TIMES),
    "schedule with estimates": lambda: plot_schedule(TIMES, pictures(STEPS)),
    "modulation": modulation,
    "signed_modulation": signed_modulation,
    "shift": shift,
    "sinusoids": sinusoids,
    "similarity": similarity,
    "angles": lambda: plot_angles({"row": frequencies(12), "column": frequencies(12)}, 16),
    "turns": lambda: plot_turns({"fast": 0.9, "slow": 0.2, "still": 0.001}, range(6)),
    "kernel": lambda: plot_kernel({"row": frequencies(12), "column": frequencies(20)}, 8),
    "kernel_map": lambda: plot_kernel_map(frequencies(12), frequencies(20), (2, 9), (8, 16)),
    "quadrants": quadrants,
    "residuals": residuals,
    "stages": lambda: plot_stages(["T5", "Blocks"], [0.01, 0.5], ["text", "image"]),
    "field": field,
    "paths": paths,
    "mixtures": mixtures,
    "errors": errors,
    "tokens": tokens,
    "latent": latent,
    "token_grid": plot_token_numbers,
    "patch": plot_one_patch,
    "convergence": plot_solver_errors,
}
