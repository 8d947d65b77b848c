"""Look at attention while a model runs.

    with probe(pipe, spread(), blocks="double.*") as seen:
        pipe.paint(prompt)
    seen.values                            # [step, block, batch, img]

A probe listens at `attn.q`, `attn.k` and `attn.mask` of each block, computes what its look asks for
and lets go of them. It changes nothing. Like a recorder, it sees queries and keys as they are where
it stands: inside an edit, what the edit made of them.

`fluxlearn.attend` is the probe for words.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fluxlearn.trace.attention.groups import Layout
from fluxlearn.trace.attention.looks import Look, Sight
from fluxlearn.trace.attention.seen import Keep, Seen
from fluxlearn.trace.find import NeverFiredError, find, owners_of, points_of
from fluxlearn.trace.tap import handling


@contextmanager
def probe(
    model: Any, look: Look, *, blocks: str | Iterable[str] = "*", keep: Keep | None = None
) -> Iterator[Seen]:
    """Keep what a look gives of every attention of a pipeline or Flux while the block runs.

    look    what to keep of one attention: see `looks`.
    blocks  names or globs: "double.3", "single.*".
    keep    which calls, and what to average over; every step, and over heads, unless said.

    Raises UnknownPointError, TypeError or ValueError on entering, TooLargeError at the first
    attention, NeverFiredError on leaving if none was seen.
    """
    keep = keep or Keep()
    if keep.axes and not look.can_be_averaged:
        raise ValueError(
            f"average is {keep.axes}, but {look.name} are places, and a mean of places is no "
            f"place. Pass average=()."
        )
    paths = block_paths(model, blocks, ".attn.q")
    seen = Seen(look.name, paths, ("batch", "head", *look.axes), keep)
    with handling(_Listener(owners_of(model), look, seen)):
        yield seen
    check_seen(seen)


class Calls:
    """What a probe learns of each model call before its first block: how tokens are laid out."""

    def __init__(self, seen: Seen) -> None:
        """Tell `seen` of each call."""
        self.seen = seen
        self._txt = 0
        self._layout: Layout | None = None

    def hear(self, name: str, value: Any) -> None:
        """Take in one of the points in.txt_ids, in.img_ids and in.img; ignore all others."""
        if name == "in.txt_ids":
            self._txt = value.shape[1]
        elif name == "in.img_ids":
            self._layout = Layout.from_ids(self._txt, value)
        elif name == "in.img":
            self.seen.start(self.layout)

    @property
    def layout(self) -> Layout:
        """The layout of the call that is running.

        Raises NeverFiredError when positions were set before the with block began.
        """
        if self._layout is None:
            raise NeverFiredError(
                "in.img_ids never fired, so nobody knows where the picture's tokens are. Call the "
                "model, or its setting(), inside the with block."
            )
        return self._layout


class _Listener:
    """The handler behind `probe`."""

    def __init__(self, owners: frozenset[int], look: Look, seen: Seen) -> None:
        self.owners, self.look, self.seen = owners, look, seen
        self.calls = Calls(seen)
        self.parts: dict[str, Any] = {}  # q and k of the block that is running

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        if id(owner) in self.owners and self.seen.keep.is_now():
            self.calls.hear(name, value)
            block, _, part = name.rpartition(".attn.")
            if block in self.seen.blocks:
                self._hear(block, part, value)
        return value

    @torch.no_grad()
    def _hear(self, block: str, part: str, value: Any) -> None:
        if part in ("q", "k"):
            self.parts[part] = value
        elif part == "mask":  # the last that is needed
            q, k = self.parts.pop("q"), self.parts.pop("k")
            sight = Sight(q=q, k=k, mask=value, layout=self.calls.layout)
            self.seen.refuse(self.look.shape(sight))
            self.seen.add(block, self.look.apply(sight))


def block_paths(model: Any, blocks: str | Iterable[str], point: str) -> tuple[str, ...]:
    """The paths of the blocks that names or globs stand for, in order of execution.

    point  the end of a point's name that such a block must have.

    Raises UnknownPointError when one stands for none, ValueError for a block that stands alone.
    """
    table = points_of(model)
    if "in.img_ids" not in {row.name for row in table}:
        raise ValueError(
            f"{type(model).__name__} does not tell where the picture's tokens are. Pass a "
            f"pipeline or a Flux, and choose its blocks with blocks=."
        )
    patterns = [blocks] if isinstance(blocks, str) else list(blocks)
    found = find([f"{pattern}{point}" for pattern in patterns], table)
    names = {row.name for group in found.values() for row in group}
    return tuple(row.name.removesuffix(point) for row in table if row.name in names)


def check_seen(seen: Seen) -> None:
    """Raise NeverFiredError when nothing was seen."""
    if not seen:
        keep = seen.keep
        when = "" if keep.steps is None else f" at steps {list(keep.steps)}"
        raise NeverFiredError(
            f"no attention of {', '.join(seen.blocks)} was seen{when} on the branch "
            f"{keep.branch!r}. Did the model run inside the with block, and as far as this?"
        )
