"""Where each module sits, in the words of the points: `double.3.img`, `single.0`, `final`.

A module speaks for the points it taps, and their full names are its path plus the tap's own name.
The stream's attention module speaks for the whole stream (`double.3.img.resid_pre`, `….z`). A block
that stands alone has no prefix: its points are `img.q`, `attn.z`, …
"""

from typing import Any


def name_double(block: Any, path: str) -> None:
    """Give a double-stream block and its parts their paths."""
    block.path = path
    for stream in ("img", "txt"):
        getattr(block, f"{stream}_mod").path = _join(path, f"{stream}.mod")
        getattr(block, f"{stream}_attn").path = _join(path, stream)
        getattr(block, f"{stream}_mlp").path = _join(path, stream)


def name_single(block: Any, path: str) -> None:
    """Give a single-stream block and its modulation their paths."""
    block.path = path
    block.modulation.path = _join(path, "mod")


def name_flux(flux: Any) -> None:
    """Give every tapping module of a `Flux` its path, once, after the model is built."""
    for i, block in enumerate(flux.double_blocks):
        name_double(block, f"double.{i}")
    for i, block in enumerate(flux.single_blocks):
        name_single(block, f"single.{i}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
