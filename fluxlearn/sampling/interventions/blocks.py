"""Blocks: leave one out and see what is missing.

    y = x + f(x)      with the block
    y = x             without it

A block only adds to the stream, so the rest of the model still runs when it is skipped. How far the
picture then moves is the block's vitality. In FLUX.1 few blocks are vital, spread over the whole
depth (Stable Flow, arXiv:2411.14430).
"""

from collections.abc import Iterable
from typing import Any

from fluxlearn.sampling.interventions.intervention import Intervention, as_names
from fluxlearn.trace.find import points_of

BYPASS = ".bypass"


def bypass(blocks: str | Iterable[str]) -> Intervention:
    """Skip blocks: what enters leaves unchanged.

    blocks  names or globs: "single.3", "double.*", "*".
    """
    names = as_names("blocks", blocks)
    return Intervention(
        builder="bypass",
        arguments={"blocks": names},
        edits={name + BYPASS: True for name in names},
    )


def block_names(model: Any) -> tuple[str, ...]:
    """The names of all blocks of a pipeline or Flux, from the first to the last.

    Raises TypeError for what has no points.
    """
    names = [point.name for point in points_of(model)]
    return tuple(name.removesuffix(BYPASS) for name in names if name.endswith(BYPASS))


def writes(block: str) -> tuple[str, ...]:
    """The points at which a block adds to the stream: all that it does.

    Raises ValueError for what is no block's name.
    """
    kind = block.split(".")[0]
    if kind == "single":
        return (f"{block}.write",)
    if kind == "double":
        parts = ("attn_write", "mlp_write")
        return tuple(f"{block}.{stream}.{part}" for stream in ("img", "txt") for part in parts)
    raise ValueError(f"{block!r} is no block. Names are 'double.0', 'single.3': see block_names().")
