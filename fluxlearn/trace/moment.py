"""When a tap fires: which sampling step, at which time, on which branch of guidance.

The sampler says it once, around each model call; nobody counts calls. Outside a sampler there is no
moment, and recorders give a value without a steps axis.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """One model call of a sampler."""

    step: int  # 0 for the first
    time: float  # 1 is noise, 0 is the image
    of: int = 1  # steps in all
    branch: str = "cond"  # "uncond" for the second call of true classifier-free guidance


_MOMENT: Moment | None = None


def current_moment() -> Moment | None:
    """The model call that is running, or None outside a sampler."""
    return _MOMENT


@contextmanager
def happening(moment: Moment) -> Iterator[None]:
    """Declare that what runs inside the block belongs to this moment."""
    before = exchange_moment(moment)
    try:
        yield
    finally:
        exchange_moment(before)


def exchange_moment(moment: Moment | None) -> Moment | None:
    """Let another moment be the one that is running, or none, and return the one before it."""
    global _MOMENT
    before, _MOMENT = _MOMENT, moment
    return before
