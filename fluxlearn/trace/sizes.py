"""How many bytes a recording will hold, known before the heavy part of the first forward pass.

Every tap that fires tells the sizes of its axes. The inputs fire first, so once batch, txt and img
are known the whole recording can be added up, and refused, before the first block runs.
"""

from collections.abc import Sequence
from math import prod

from torch import Tensor

from fluxlearn.trace.point import Point
from fluxlearn.trace.reduce import Reducer, norm, stats


class TooLargeError(ValueError):
    """What would hold more bytes than it may, or than there are."""


def learn_sizes(sizes: dict[str, int], point: Point, value: Tensor) -> bool:
    """Note the sizes of a fired point's axes; tell whether there was anything new."""
    words = dict(zip(point.shape.split(), value.shape, strict=False))
    new = {word: size for word, size in words.items() if word not in sizes and word != "_"}
    sizes.update(new)
    if "txt" in sizes and "img" in sizes:
        sizes.setdefault("seq", sizes["txt"] + sizes["img"])
    return bool(new)


def estimate_bytes(
    points: Sequence[Point], sizes: dict[str, int], reducer: Reducer, calls: int, item: int = 4
) -> int:
    """Bytes of these points, reduced, over so many model calls; unknown axes count as 1.

    item  bytes of one number.
    """
    total = 0
    for point in points:
        axes = reducer.axes(point.shape.split())
        total += prod(int(a) if a.isdigit() else sizes.get(a, 1) for a in axes) * item
    return total * calls


def refuse_recording(
    limit: int, points: Sequence[Point], sizes: dict[str, int], reducer: Reducer, calls: int
) -> None:
    """Raise TooLargeError, with cheaper reducers, when a recording would exceed the limit."""
    needed = estimate_bytes(points, sizes, reducer, calls)
    cheaper = ", ".join(
        f"reduce={r.name} would hold {readable(estimate_bytes(points, sizes, r, calls))}"
        for r in (norm, stats)
    )
    what = f"recording {len(points)} points over {calls} model calls"
    refuse_above(limit, what, needed, f"{cheaper}; or name fewer points or steps.")


def refuse_above(limit: int, what: str, needed: int, cure: str) -> None:
    """Raise TooLargeError when `what` needs more bytes than the limit."""
    if needed > limit:
        raise TooLargeError(
            f"{what} would hold {readable(needed)}, more than max_bytes = {readable(limit)}. {cure}"
        )


def readable(count: float) -> str:
    """Bytes in the unit that reads best: 1 536 → '1.5 kB'."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
