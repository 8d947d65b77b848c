"""One look for every figure: what a colour means, and what a figure stands on.

    text       ochre    prompts, text tokens, the text stream
    image      blue     latents, image tokens, the image stream
    time       green    the time t, schedules, and modulation, which time drives
    guidance   rose     the guidance scale

Where the sign of a number matters more than its subject, green is above zero and lilac below.

A figure stands on an opaque card of its own, so that one file can be read in print, on a white
page and on a dark one. `use_style("dark")` draws the twin for pages that follow their reader's
theme. The four colours are the same on both cards: they contrast with either by 3 : 1 and more,
and readers with any of the three kinds of colour blindness can tell them apart.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_hex

COLOURS = {"text": "#ce6e0e", "image": "#326be8", "time": "#0aa262", "guidance": "#c27f9e"}
BELOW_ZERO = "#a86fd6"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """The colours that mean nothing."""

    card: str  # what a figure stands on
    ink: str  # names and results
    quiet: str  # numbers along an axis, explanations
    rule: str  # lines that guide the eye


THEMES = {
    "light": Theme(card="#ffffff", ink="#1c2127", quiet="#59626c", rule="#dde1e5"),
    "dark": Theme(card="#171a1f", ink="#e9ecef", quiet="#a2abb4", rule="#353b43"),
}


def use_style(theme: str = "light") -> None:
    """Draw all figures from now on in the look of this project, "light" or "dark".

    Raises ValueError for another theme.
    """
    mpl.rcParams.update(_settings(theme))


def styled(theme: str) -> AbstractContextManager[None]:
    """The same for the figures drawn inside a `with` block.

    Raises ValueError for another theme.
    """
    return mpl.rc_context(_settings(theme))


def current_theme() -> Theme:
    """The colours that are in force, whoever set them."""
    return Theme(
        card=mpl.rcParams["figure.facecolor"],
        ink=mpl.rcParams["text.color"],
        quiet=mpl.rcParams["axes.labelcolor"],
        rule=mpl.rcParams["grid.color"],
    )


def shades(of: str) -> Colormap:
    """A scale from the card, for nothing, through one of the COLOURS towards ink, for most.

    It runs from light to dark (on a dark card from dark to light), so it survives a grey printer.
    """
    stops = [(0.0, current_theme().card), (0.55, COLOURS[of]), (1.0, _inked(COLOURS[of], 0.65))]
    return LinearSegmentedColormap.from_list(f"shades of {of}", stops)


def signed_shades() -> Colormap:
    """A scale for numbers of both signs: lilac below zero, the card at zero, green above.

    Both halves run from the card towards ink as `shades` do, equally far from zero being equally
    strong. Give it limits that lie evenly around zero.
    """
    above = COLOURS["time"]
    stops = [
        (0.0, _inked(BELOW_ZERO, 0.65)),
        (0.225, BELOW_ZERO),
        (0.5, current_theme().card),
        (0.775, above),
        (1.0, _inked(above, 0.65)),
    ]
    return LinearSegmentedColormap.from_list("signed shades", stops)


def lettering(of: str) -> str:
    """One of the COLOURS for words: nearer to ink, so that small print is legible (4.5 : 1)."""
    return _inked(COLOURS[of], 0.3)


def _inked(colour: str, share: float) -> str:
    """A colour with a share of ink mixed in."""
    return to_hex(LinearSegmentedColormap.from_list("", [colour, current_theme().ink])(share))


def _settings(name: str) -> dict[Any, Any]:
    if name not in THEMES:
        raise ValueError(f"theme is {name!r}, but there are {', '.join(THEMES)}.")
    theme = THEMES[name]
    return {
        "figure.facecolor": theme.card,
        "axes.facecolor": theme.card,
        "savefig.facecolor": theme.card,
        "text.color": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.labelcolor": theme.quiet,
        "xtick.color": theme.quiet,
        "ytick.color": theme.quiet,
        "axes.edgecolor": theme.rule,
        "grid.color": theme.rule,
        "hatch.color": theme.rule,
        # matplotlib brings this font along, so that figures are the same on every machine.
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 9,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "lines.linewidth": 2,
        "lines.solid_capstyle": "round",
        "image.interpolation": "nearest",
        "figure.dpi": 144,
        "savefig.dpi": 192,
    }
