"""Run a forward pass only as far as one point.

    with record(flux, "double.1.img.mlp_act") as seen, stop_after(flux, "double.1.img.mlp_act"):
        flux(**inputs)

What comes after the point is never computed. To record the point itself, let the recorder be the
outer of the two: the outermost sees a value first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fluxlearn.trace.find import NeverFiredError, find, owners_of, points_of
from fluxlearn.trace.tap import handling


class _Stopped(BaseException):
    """Unwinds the forward pass; a BaseException, so that no `except Exception` catches it."""


@contextmanager
def stop_after(model: Any, point: str) -> Iterator[None]:
    """Leave the block quietly when a point of a pipeline or module first fires.

    Raises UnknownPointError on entering, NeverFiredError if the block ran to its end.
    """
    (wanted,) = find([point], points_of(model)).values()
    names = {p.name for p in wanted}
    owners = owners_of(model)

    def stop(owner: Any, name: str, value: Any) -> Any:
        if name in names and id(owner) in owners:
            raise _Stopped
        return value

    try:
        with handling(stop):
            yield
    except _Stopped:
        return
    raise NeverFiredError(f"{point!r} never fired, so nothing was stopped. Did the model run?")
