"""Names for tokens, and where they stand in the joint sequence.

    text tokens  ·  the picture's tokens  ·  a reference picture's tokens, if there is one

Positions count from 0 along this sequence, so a text token keeps the number it has in its prompt.
Where the picture and the reference are, the position ids of the image tokens tell: their first
coordinate is 0 for the picture and 1 for the reference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

PICTURE, REFERENCE = "<image>", "<reference>"
"""Names of the groups that are found in the position ids."""

Positions = tuple[tuple[int, ...], ...]
"""The tokens of a group: one row for all pictures, or one for each."""

LATER: Positions = ((),)
"""The positions of `PICTURE` and `REFERENCE`: a layout tells them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """How the joint sequence of a model call is made up."""

    txt: int  # text tokens
    seq: int  # all tokens
    picture: Int[Tensor, " img"]  # positions of the picture's tokens, row by row
    reference: Int[Tensor, " _"]  # positions of a reference picture's tokens
    grid: tuple[int, int]  # rows and columns of the picture's tokens

    @classmethod
    def from_ids(cls, txt: int, ids: Float[Tensor, "batch img axis"]) -> "Layout":
        """Read it from the position ids of the image tokens.

        Raises ValueError when the picture's tokens do not fill a rectangle.
        """
        first = ids[0].long()
        places, rows, columns = first[:, 0], first[:, 1], first[:, 2]
        picture = (places == 0).nonzero()[:, 0]
        if not len(picture):
            raise ValueError("no image token has reference index 0. Are the img_ids as image_ids?")
        height, width = (int(x[picture].max() - x[picture].min()) + 1 for x in (rows, columns))
        if height * width != len(picture):
            raise ValueError(
                f"{len(picture)} image tokens stand on {height} rows and {width} columns, but a "
                f"map needs a full rectangle. Are the img_ids as image_ids() makes them?"
            )
        order = (rows * (columns.max() + 1) + columns)[picture].argsort()
        return cls(
            txt=txt,
            seq=txt + len(first),
            picture=picture[order] + txt,
            reference=(places != 0).nonzero()[:, 0] + txt,
            grid=(height, width),
        )

    def same_as(self, other: "Layout") -> bool:
        """Whether values of the two can stand in one table."""
        return (self.txt, self.seq, self.grid) == (other.txt, other.seq, other.grid)


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Names → tokens; those of `PICTURE` and `REFERENCE` come `LATER`."""

    positions: dict[str, Positions]
    txt: int | None = None  # text tokens that the positions were counted in, where that is known
    prompts: tuple[str, ...] = ()  # that words were found in, where that is known

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order in which they were given."""
        return tuple(self.positions)

    def indicator(self, layout: Layout, batch: int) -> Float[Tensor, "_ seq region"]:
        """E of `region_mass`: 1 where a token belongs to a group.

        Raises ValueError when positions lie outside the sequence or belong to other prompts.
        """
        self._check(layout, batch)
        rows = max(len(positions) for positions in self.positions.values())
        inside = torch.zeros(rows, layout.seq, len(self.names), device=layout.picture.device)
        for column, (name, positions) in enumerate(self.positions.items()):
            if name in (PICTURE, REFERENCE):
                inside[:, layout.picture if name == PICTURE else layout.reference, column] = 1
                continue
            every = positions if len(positions) == rows else positions * rows
            for row, tokens in enumerate(every):
                inside[row, list(tokens), column] = 1
        return inside

    def _check(self, layout: Layout, batch: int) -> None:
        if self.txt not in (None, layout.txt):
            raise ValueError(
                f"words were found among {self.txt} text tokens, but the model was given "
                f"{layout.txt}. Is this the prompt, and the text encoder, that words came from?"
            )
        for name, positions in self.positions.items():
            if len(positions) not in (1, batch):
                raise ValueError(
                    f"{name!r} was found in {len(positions)} prompts, but {batch} pictures are "
                    f"painted. Give as many prompts as are painted."
                )
            beyond = [token for row in positions for token in row if token >= layout.seq]
            if beyond:
                raise ValueError(
                    f"{name!r} stands at {beyond}, but there are {layout.seq} tokens, counted "
                    f"from 0: {layout.txt} of text, then the picture's."
                )


def as_groups(tokens: Mapping[str, Any]) -> Groups:
    """Groups from a mapping: name → positions, or name → one list of positions a picture.

    Raises TypeError or ValueError for anything else, and when a group is empty.
    """
    if not tokens:
        raise ValueError("no group of tokens was named. Say {'red': [2]}, for example.")
    return Groups(positions={name: _rows(name, given) for name, given in tokens.items()})


def _rows(name: str, given: Any) -> Positions:
    several = isinstance(given, Iterable) and not isinstance(given, str)
    values: list[Any] = list(given) if several else [given]
    rows: list[Any] = [values] if all(isinstance(value, int) for value in values) else values
    if not all(isinstance(row, list | tuple | range) for row in rows):
        raise TypeError(
            f"the tokens of {name!r} are {given!r}, but whole numbers are expected, [2, 3] for "
            f"example, or one such list for each picture."
        )
    bad = [token for row in rows for token in row if not isinstance(token, int) or token < 0]
    if bad or not all(rows):
        raise ValueError(
            f"the tokens of {name!r} are {given!r}, but at least one position from 0 is expected. "
            f"Positions count along the joint sequence, text first."
        )
    return tuple(tuple(row) for row in rows)
