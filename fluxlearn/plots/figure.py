"""A figure that can be told as well as seen.

Every plotting function ends in `described(fig, alt)`. The sentence is the figure's text
alternative: it goes into the metadata of a notebook's output, into PNG files and into HTML pages,
and it is what a figure prints as.
"""

import io
from pathlib import Path
from typing import Any

from matplotlib import figure as mpl_figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from fluxlearn.files import replacing

HALF_PAGE = (4.9, 4.1)  # inches; two such figures stand side by side


class Figure(mpl_figure.Figure):
    """A matplotlib figure with a text alternative. Shows itself in Jupyter.

    It belongs to no window and to no list of open figures, so there is nothing to close.
    """

    alt: str = ""  # what is to be seen, in a sentence or two

    def png(self) -> bytes:
        """The figure as the bytes of a PNG file that carries the text alternative."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", metadata={"Description": self.alt, "Software": None})
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the PNG file, whole or not at all.

        Raises FileNotFoundError when the folder does not exist.
        """
        path = Path(path)
        with replacing(path) as partial:
            partial.write_bytes(self.png())
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        width, height = (round(96 * inches) for inches in self.get_size_inches())
        data = {"image/png": self.png(), "text/plain": repr(self)}
        return data, {"image/png": {"alt": self.alt, "width": width, "height": height}}

    def __repr__(self) -> str:
        return f"<Figure: {self.alt}>"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, whose parts will make room for one another."""
    return Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06))


def described(fig: Figure, alt: str) -> Figure:
    """The figure, with what is to be seen in it in words.

    Raises ValueError when there are none.
    """
    if not alt.strip():
        raise ValueError("alt is empty, but somebody who cannot see the figure needs a sentence.")
    fig.alt = " ".join(alt.split())
    return fig
