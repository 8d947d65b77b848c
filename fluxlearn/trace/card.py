"""A card: a title, rows of text, a statement and a picture; HTML in Jupyter, plain text elsewhere.

vec  step 3, t = 0.96
  shape     [batch 1, dim 192]
  equation  embed.t + embed.g + embed.clip
  source    fluxlearn/model/flux.py, line 137
            return tap(self, "vec", vec + setting.pooled)
"""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

INDENT = 12  # where the text of a row begins


@dataclass(frozen=True, kw_only=True, eq=False)
class Card:
    """What is told of one thing."""

    title: str
    note: str  # beside the title, less loud
    rows: dict[str, str]  # what it is → the text
    code: str  # stands below the last row, line by line
    draw: Callable[[], Any]  # makes the picture, a Figure or None; called only where one is shown

    def __str__(self) -> str:
        heading = f"{self.title}  {self.note}".rstrip()
        rows = [f"  {name:<{INDENT - 3}} {text}" for name, text in self.rows.items()]
        code = [" " * INDENT + line for line in self.code.splitlines()]
        return "\n".join([heading, *rows, *code])

    __repr__ = __str__

    def show(self) -> None:
        """Display the card in Jupyter and IPython, print it elsewhere."""
        shell = sys.modules.get("IPython")
        if shell is not None and shell.get_ipython() is not None:
            from IPython.display import display

            display(self)
        else:
            print(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._html()}

    def _html(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(text)}</td></tr>'
            for name, text in self.rows.items()
        )
        return (
            f'<div style="display:flex;gap:1.5em;align-items:flex-start;margin:.5em 0">'
            f"{self._picture()}<div><b><code>{escape(self.title)}</code></b> {escape(self.note)}"
            f"<table>{rows}</table><pre>{escape(self.code)}</pre></div></div>"
        )

    def _picture(self) -> str:
        figure = self.draw()
        if figure is None:
            return ""
        data = base64.b64encode(figure.png()).decode()
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        return (
            f'<img src="data:image/png;base64,{data}" alt="{escape(figure.alt)}" '
            f'width="{width}" height="{height}">'
        )
