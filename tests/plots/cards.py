"""The card on which a figure stands, and how a test draws one on either."""

import functools
import io
from collections.abc import Callable

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from fluxlearn.plots.figure import Figure
from fluxlearn.plots.style import THEMES, styled


def in_theme(draw: Callable[[], Figure]) -> Callable[..., Figure]:
    """The same drawing function, which also takes the name of a theme."""

    @functools.wraps(draw)
    def drawn(theme="light"):
        with styled(theme):
            return draw()

    return drawn


def card_of(fig: Figure) -> str:
    """The colour in a corner of a figure."""
    corner = np.asarray(Image.open(io.BytesIO(fig.png())))[2, 2, :3]
    return to_hex(corner / 255)


def check_card_and_words(fig: Figure, theme: str) -> None:
    """A figure stands on the card of its theme, and tells in a sentence what it shows."""
    assert card_of(fig) == THEMES[theme].card
    assert len(fig.alt) > 20 and fig.alt.endswith(".")
