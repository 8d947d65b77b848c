"""Figures of notebooks keep their text alternatives on the book's pages.

A figure of ours puts the sentence into its output's metadata. MyST-NB takes width and height from
there and nothing else, so that the file's name would be read out instead of what is to be seen.
"""

from collections.abc import Callable
from typing import Any

Render = Callable[[Any, Any], list[Any]]


def described(render_image: Render) -> Render:
    """A renderer of images that gives them the text alternative of their output."""

    def render(self: Any, data: Any) -> list[Any]:
        images = render_image(self, data)
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        for image in images if alt else ():
            image["alt"] = alt
        return images

    return render


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    from myst_nb.core.render import NbElementRenderer

    NbElementRenderer.render_image = described(NbElementRenderer.render_image)
    return {"parallel_read_safe": True}
