"""Rotations: by which angles a position turns the planes of query and key.

    (1)  ωₖ = θ^(−2k / d)             radians a position; k = 0 … d/2 − 1 of an axis with d channels
    (2)  a token at position p has plane k turned by the angle p · ωₖ

Plane 0 turns by one radian, 57°, a position; each further plane by a fixed factor less.

Source: BFL flux/math.py `rope`; arXiv:2104.09864.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import in_short, numbered, scale_below
from fluxlearn.plots.style import current_theme, lettering, shades, signed_shades

ROOM = 0.35  # radians between arrows whose names do not collide


def plot_angles(frequencies: Mapping[str, Float[np.ndarray, " pair"]], positions: int) -> Figure:
    """The cosine of every plane's angle by position, a map for each position axis.

    What to see: every column is one position's pattern, and no two are the same. The planes on top
    tell neighbours apart, those below tell one side of the picture from the other, and the lowest
    hardly turn at all.

    frequencies  name of an axis → ω of its planes, in radians a position, fastest first.
    positions    how many positions to draw, from 0.

    Raises ValueError without an axis, or for less than two positions.
    """
    if not frequencies or positions < 2:
        raise ValueError(
            f"{len(frequencies)} axes and {positions} positions were given, but at least one axis "
            f"and two positions are drawn."
        )
    fig = new_figure(0.6 + 2.3 * len(frequencies), 3.1)
    panels = fig.subplots(1, len(frequencies), squeeze=False)[0]
    for ax, (name, omegas) in zip(panels, frequencies.items(), strict=True):
        angles = np.outer(omegas, np.arange(positions))
        ax.imshow(np.cos(angles), cmap=signed_shades(), vmin=-1, vmax=1, aspect="auto")
        ax.set(title=f"{name}: {len(omegas)} planes", xlabel="position")
        ax.spines[:].set_visible(False)
        _mark_turns(ax, omegas)
    panels[0].set_ylabel("positions a turn")
    scale_below(
        fig, panels[0].images[0], panels, "cosine of the angle", numbered((-1, 0, 1)), length=80
    )
    planes = [
        f"{name} has {len(omegas)} planes that turn once in {2 * np.pi / omegas[0]:.1f} to "
        f"{2 * np.pi / omegas[-1]:,.0f} positions"
        for name, omegas in frequencies.items()
    ]
    return described(
        fig, f"Cosines of the angles of positions 0 to {positions - 1}. {'; '.join(planes)}."
    )


def plot_turns(frequencies: Mapping[str, float], positions: Sequence[int]) -> Figure:
    """One pair of channels as an arrow, turned by every position, on a circle for each plane.

    What to see: the pair keeps its length; position is in its direction alone. From one position
    to the next the arrow turns by the same angle, wherever it stands.

    frequencies  name of a plane → its ω, in radians a position.
    positions    to be drawn, from pale to strong.

    Raises ValueError without planes or positions.
    """
    if not frequencies or not positions:
        raise ValueError(
            f"{len(frequencies)} planes and {len(positions)} positions were given, but at least "
            f"one of each is drawn."
        )
    fig = new_figure(1.75 * len(frequencies) + 0.1, 2.2)
    panels = fig.subplots(1, len(frequencies), squeeze=False)[0]
    for ax, (name, omega) in zip(panels, frequencies.items(), strict=True):
        clear_frame(ax)
        ax.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
        ax.set_title(name, loc="center")
        ax.set_xlabel(f"{in_short(np.degrees(omega))}° a position")
        _draw_arrows(ax, omega, positions)
    turned = [f"{name} by {in_short(np.degrees(ω))}°" for name, ω in frequencies.items()]
    return described(
        fig,
        f"Arrows on circles: one pair of channels at positions {positions[0]} to {positions[-1]}. "
        f"Each position turns it further: {', '.join(turned)}.",
    )


def _mark_turns(ax: Axes, omegas: np.ndarray) -> None:
    """Write beside some planes how many positions one turn takes."""
    last = len(omegas) - 1
    planes = sorted({round(last * i / 3) for i in range(4)})
    turns = [2 * np.pi / omegas[plane] for plane in planes]
    ax.set_yticks(planes, [f"{turn:.1f}" if turn < 10 else f"{turn:,.0f}" for turn in turns])


def _draw_arrows(ax: Axes, omega: float, positions: Sequence[int]) -> None:
    angles = omega * np.asarray(positions, dtype=float)
    strength = np.linspace(0.3, 0.8, len(angles))
    ax.add_patch(Circle((0, 0), 1, fill=False, edgecolor=current_theme().rule, linewidth=1))
    ax.quiver(
        np.zeros_like(angles),
        np.zeros_like(angles),
        np.cos(angles),
        np.sin(angles),
        color=shades("image")(strength),
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.02,
    )
    for angle, name in _names(angles, positions):
        look = {"ha": "center", "va": "center", "fontsize": 8, "color": lettering("image")}
        ax.text(1.2 * np.cos(angle), 1.2 * np.sin(angle), name, **look)


def _names(angles: np.ndarray, positions: Sequence[int]) -> list[tuple[float, str]]:
    """Angles and what to write there: every position, or the two ends, or both in one."""
    first, last = f"{positions[0]}", f"{positions[-1]}"
    if len(angles) < 2 or np.diff(angles).min() > ROOM:
        return [(angle, f"{position}") for angle, position in zip(angles, positions, strict=True)]
    if angles[-1] - angles[0] > ROOM:
        return [(angles[0], first), (angles[-1], last)]
    return [((angles[0] + angles[-1]) / 2, f"{first}–{last}")]
