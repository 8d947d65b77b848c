"""What a probe has seen: means that are taken as values come in, block by block and step by step.

Values that nobody asked for apart are never held apart. What 8 words hold in one 1024 × 1024
picture of FLUX.1-dev in 28 steps, in float32, by what is averaged over:

                             step  block  head  img   word  bytes
    nothing                   28 ·  57 ·  24 · 4096 ·  8  ·  4       5.02 GB
    head                      28 ·  57 ·       4096 ·  8  ·  4       209 MB
    head and step                   57 ·       4096 ·  8  ·  4       7.47 MB
    head, step and block                       4096 ·  8  ·  4       131 kB
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor

from fluxlearn.trace.attention.groups import Layout
from fluxlearn.trace.moment import Moment, current_moment, expected_calls, is_wanted
from fluxlearn.trace.record import MAX_BYTES
from fluxlearn.trace.sizes import readable, refuse_above

AVERAGED = ("step", "block", "head")
"""Axes that can be averaged over."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Which model calls to look at, and what to keep apart of them."""

    average: str | Collection[str] = ("head",)  # axes to average over: step, block, head
    steps: Collection[int] | None = None  # sampling steps; None is all of them
    branch: str = "cond"  # or "uncond", the second call of true guidance
    max_bytes: int = MAX_BYTES  # refuse to hold more

    def __post_init__(self) -> None:
        """Refuse axes that cannot be averaged over."""
        for axis in self.axes:
            if axis not in AVERAGED:
                raise ValueError(
                    f"average names {axis!r}, but means are taken over {', '.join(AVERAGED)}. "
                    f"Pass average=() to keep everything apart."
                )

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes to average over."""
        return (self.average,) if isinstance(self.average, str) else tuple(self.average)

    def is_now(self) -> bool:
        """Whether the model call that is running is looked at."""
        return is_wanted(self.steps, self.branch)


class Seen:
    """Values of some blocks and steps, or their means; an axis that was averaged over is gone."""

    def __init__(self, name: str, blocks: Sequence[str], axes: tuple[str, ...], keep: Keep) -> None:
        """Start empty.

        name  of what is kept, for messages.
        axes  words of one value's axes, batch first.
        """
        self.name, self.blocks, self.keep = name, tuple(blocks), keep
        self.moments: list[Moment | None] = []  # one for each model call that was looked at
        self.layout: Layout | None = None
        self._axes = axes
        self._sums: dict[tuple[int | None, str | None], Tensor] = {}
        self._counts: Counter[tuple[int | None, str | None]] = Counter()

    @property
    def axes(self) -> tuple[str, ...]:
        """Words of the axes of `values`."""
        single = len(self.moments) == 1 and self.moments[0] is None
        gone = {*self.keep.axes, *(("step",) if single else ())}
        return tuple(axis for axis in ("step", "block", *self._axes) if axis not in gone)

    @property
    def values(self) -> Tensor:
        """All that was kept, [step, block, batch, …]; NaN where a block was bypassed.

        As in a `Record`, a single call outside a sampler has no step axis.
        """
        return self._table(...)

    def column(self, index: int) -> Tensor:
        """One entry of the last axis of `values`, without a copy of all others."""
        return self._table((..., index))

    @property
    def bytes(self) -> int:
        """Bytes that are held."""
        return sum(value.nbytes for value in self._sums.values())

    def __bool__(self) -> bool:
        """Whether anything was seen."""
        return bool(self._sums)

    def start(self, layout: Layout) -> None:
        """Note that a model call begins.

        Raises ValueError when its tokens are laid out otherwise than those before.
        """
        if self.layout is not None and not self.layout.same_as(layout):
            raise ValueError(
                f"a picture of {layout.grid} tokens and {layout.txt} of text followed one of "
                f"{self.layout.grid} and {self.layout.txt}. Open a with block for each size."
            )
        self.layout = layout
        self.moments.append(current_moment())

    def refuse(self, shape: tuple[int, ...]) -> None:
        """Raise TooLargeError when values of this shape would hold more than they may in all."""
        over = self.keep.axes
        others = [a for a in AVERAGED if a not in over and a in ("step", "block", *self._axes)]
        cheaper = [
            f"average={(*over, axis)} would hold {readable(self._needed(shape, (*over, axis)))}"
            for axis in others
        ]
        calls = expected_calls(self.keep.steps)
        what = f"{self.name} of {len(self.blocks)} blocks over {calls} model calls"
        cure = f"{'; '.join([*cheaper, 'or name fewer blocks or steps'])}."
        refuse_above(self.keep.max_bytes, what, self._needed(shape, over), cure)

    def add(self, block: str, value: Tensor) -> None:
        """Take in what a block gave during the call that began last."""
        over = self.keep.axes
        if "head" in over and "head" in self._axes:
            value = value.mean(dim=self._axes.index("head"))
        call = None if "step" in over else len(self.moments) - 1
        key = (call, None if "block" in over else block)
        self._sums[key] = self._sums[key] + value if key in self._sums else value
        self._counts[key] += 1

    def _table(self, part: Any) -> Tensor:
        over = self.keep.axes
        calls = [None] if "step" in over else range(len(self.moments))
        blocks = [None] if "block" in over else self.blocks
        rows = [torch.stack([self._mean(c, b)[part] for b in blocks]) for c in calls]
        table = torch.stack(rows)
        for place, axis in ((1, "block"), (0, "step")):
            if axis not in self.axes:
                table = table.squeeze(place)
        return table

    def _mean(self, call: int | None, block: str | None) -> Tensor:
        if (call, block) not in self._sums:
            return torch.full_like(next(iter(self._sums.values())), float("nan"))
        return self._sums[call, block] / self._counts[call, block]

    def _needed(self, shape: tuple[int, ...], over: Sequence[str]) -> int:
        sizes = zip(self._axes, shape, strict=True)
        value = 4 * prod(size for axis, size in sizes if axis not in over)
        calls = 1 if "step" in over else expected_calls(self.keep.steps)
        return value * calls * (1 if "block" in over else len(self.blocks))
