"""When a tap fires: which sampling step, at which time, on which branch of guidance.

The sampler says it once, around each model call; nobody counts calls. Outside a sampler there is no
moment, and recorders give a value without a steps axis.
"""

from collections.abc import Collection, Iterator
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


def is_wanted(steps: Collection[int] | None, branch: str | None) -> bool:
    """Whether the model call that is running is one of those asked for; outside a sampler, any is.

    steps   sampling steps; None is all of them.
    branch  "cond" or "uncond"; None is both.
    """
    now = _MOMENT
    if now is None:
        return True
    right_branch = branch is None or now.branch == branch
    return right_branch and (steps is None or now.step in steps)


def expected_calls(steps: Collection[int] | None) -> int:
    """How many model calls are to be expected at these steps: one a step, one outside a sampler.

    steps  sampling steps; None is all of them.
    """
    now = _MOMENT
    if now is None:
        return 1
    return now.of if steps is None else len(steps)


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
