"""Maps: how much each place of the picture gives to a word, on the grid of its tokens.

    maps["red"].values          [step, block, batch, h, w]
    maps["red"].mean()          [batch, h, w]
    maps["red"].by_block        [block, batch, h, w]
    maps["red"].over(picture)   a figure

A value is a share of attention: what the queries of one place give to all tokens is 1 in every
head, and the rest goes to other words, padding and the picture itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from einops import rearrange
from torch import Tensor

from fluxlearn.trace.attention.seen import Seen
from fluxlearn.trace.moment import Moment
from fluxlearn.trace.sizes import readable

if TYPE_CHECKING:
    from fluxlearn.plots.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenMap:
    """The map of one word or group of tokens."""

    name: str
    values: Tensor  # see `axes`
    axes: tuple[str, ...]  # step, block, batch, head, h, w, without what was averaged over
    prompts: tuple[str, ...] = ()  # that the word was found in, where that is known

    @property
    def by_step(self) -> Tensor:
        """[step, batch, h, w], the mean over all else."""
        return self._by("step")

    @property
    def by_block(self) -> Tensor:
        """[block, batch, h, w], the mean over all else."""
        return self._by("block")

    @property
    def by_head(self) -> Tensor:
        """[batch, head, h, w], the mean over all else."""
        return self._by("head")

    def mean(self) -> Tensor:
        """[batch, h, w], the mean over all else."""
        return self._by()

    def over(self, picture: Any, row: int = 0) -> "Figure":
        """Draw the mean map over the picture that was painted.

        picture  a `Picture`, or any picture that `plots.images` takes.
        row      which picture of the batch.
        """
        return draw_over({self.name: self}, picture, row)

    def __repr__(self) -> str:
        sizes = zip(self.axes, self.values.shape, strict=True)
        return f"<map of {self.name!r}: {', '.join(f'{axis} {size}' for axis, size in sizes)}>"

    def _by(self, *kept: str) -> Tensor:
        for axis in kept:
            if axis not in self.axes:
                raise ValueError(
                    f"there is no axis {axis!r} in [{', '.join(self.axes)}]. Was it averaged over "
                    f"while painting? average=() keeps every step, block and head apart."
                )
        apart = (*kept, "batch", "h", "w")
        others = [place for place, axis in enumerate(self.axes) if axis not in apart]
        # A bypassed block has NaN: it did not look anywhere.
        return self.values.nanmean(dim=others) if others else self.values


class Maps(Mapping[str, TokenMap]):
    """One map for each name."""

    def __init__(self, seen: Seen, names: tuple[str, ...], prompts: tuple[str, ...] = ()) -> None:
        """Maps of what is seen; `names` are those of its last axis."""
        self.seen = seen
        self._names, self._prompts = names, prompts

    def __getitem__(self, name: str) -> TokenMap:
        """The map of one name."""
        if name not in self._names:
            raise KeyError(f"{name!r} has no map. There is {', '.join(self._names)}.")
        h, w = self.grid
        values = self.seen.column(self._names.index(name))
        return TokenMap(
            name=name,
            values=rearrange(values, "... (h w) -> ... h w", h=h, w=w),
            axes=(*self.seen.axes[:-2], "h", "w"),
            prompts=self._prompts,
        )

    def __iter__(self) -> Iterator[str]:
        """Names in the order in which they were given."""
        return iter(self._names)

    def __len__(self) -> int:
        """The number of maps."""
        return len(self._names)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the picture's tokens.

        Raises RuntimeError before the first model call.
        """
        if self.seen.layout is None:
            raise RuntimeError("nothing was painted yet, so there are no maps.")
        return self.seen.layout.grid

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that were looked at, in the order of the axis `block`."""
        return self.seen.blocks

    @property
    def moments(self) -> list[Moment]:
        """The step, time and branch of each model call; empty outside a sampler."""
        return [moment for moment in self.seen.moments if moment is not None]

    @property
    def bytes(self) -> int:
        """Bytes that all maps hold together."""
        return self.seen.bytes

    def over(self, picture: Any, row: int = 0) -> "Figure":
        """Draw every mean map over the picture that was painted, side by side."""
        return draw_over(dict(self), picture, row)

    def __repr__(self) -> str:
        if not self.seen:
            return f"<maps of {', '.join(self)}: nothing was painted yet>"
        first = self[self._names[0]]
        sizes = zip(first.axes, first.values.shape, strict=True)
        axes = ", ".join(f"{axis} {size}" for axis, size in sizes)
        return f"<maps of {', '.join(self)}: {axes}; {readable(self.bytes)}>"


def draw_over(maps: Mapping[str, TokenMap], picture: Any, row: int) -> "Figure":
    """Mean maps over one picture of a batch.

    Raises ValueError when the picture was painted for another prompt, IndexError for a row that is
    not there.
    """
    from fluxlearn.plots.attention import plot_attention

    for word in maps.values():
        asked = getattr(picture, "prompt", None)
        painted = (asked,) if isinstance(asked, str) else tuple(asked or ())
        if word.prompts and painted and painted != word.prompts:
            raise ValueError(
                f"{word.name!r} was found in {word.prompts}, but the picture was painted for "
                f"{painted}. Pass attend() the prompt that is painted."
            )
    if hasattr(picture, "images"):
        picture = picture.images[row]
    drawn: dict[str, np.ndarray] = {
        name: word.mean()[row].float().cpu().numpy() for name, word in maps.items()
    }
    return plot_attention(picture, drawn)
