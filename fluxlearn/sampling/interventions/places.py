"""Places: which tokens of the joint sequence an intervention is about.

    [0, 3]               positions, text first
    [[0, 3], [1]]        one list for each picture of a batch
    "<image>"            all tokens of the picture
    "<reference>"        all tokens of a reference picture
    find_tokens(…)       words of a prompt, as positions

Where the picture's tokens are is known only when the model is called, from their position ids. So
an intervention about places also listens there.
"""

from collections.abc import Iterable
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor

from fluxlearn.sampling.attend import find_groups
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.trace.attention.groups import (
    LATER,
    PICTURE,
    REFERENCE,
    Groups,
    Layout,
    as_groups,
)
from fluxlearn.trace.edit import At, Edit
from fluxlearn.trace.find import NeverFiredError

Tokens = str | Iterable[int] | Iterable[Iterable[int]]
REGIONS = (PICTURE, REFERENCE)


def find_tokens(
    model: Any,
    words: str | Iterable[str],
    prompt: str | Iterable[str] | Conditioning,
) -> list[list[int]]:
    """The positions of words of a prompt, one list for each prompt.

    model   a pipeline with its T5.
    words   "red", "red circle", ("red", "blue"), or <words>, <end>, <padding>; their positions are
            put together.

    Raises ValueError or TypeError as `attend` does.
    """
    groups = find_groups(model, [words] if isinstance(words, str) else list(words), prompt)
    if any(name in REGIONS for name in groups.names):
        raise ValueError(
            f"words are {groups.names}, but where the picture's tokens are is known only while "
            f"painting. Pass {' or '.join(map(repr, REGIONS))} in place of positions."
        )
    rows = zip(*groups.positions.values(), strict=True)
    return [sorted({token for tokens in row for token in tokens}) for row in rows]


class Places:
    """Tokens by position or region, ready to be found in a model call."""

    def __init__(self, name: str, given: Tokens) -> None:
        """Read what a caller gave for the argument `name`.

        Raises TypeError or ValueError for anything but positions and regions.
        """
        if isinstance(given, str) and given not in REGIONS:
            raise ValueError(
                f"{name} is {given!r}, but positions are expected, or {' or '.join(REGIONS)}. "
                f"Words are found with find_tokens(pipe, {given!r}, prompt)."
            )
        if isinstance(given, str):
            self._groups, self.data = Groups(positions={given: LATER}), given
            return
        self._groups = as_groups({name: given})
        self.data = [list(row) for row in self._groups.positions[name]]

    def inside(self, layout: Layout, batch: int) -> Bool[Tensor, "_ seq"]:
        """True for these tokens; one row for all pictures, or one for each.

        Raises ValueError for positions outside the sequence, and for too few or too many rows.
        """
        return self._groups.indicator(layout, batch)[..., 0] > 0


class LayoutReader:
    """Reads off the position ids how the joint sequence is made up.

    edits   of the two points where it listens; they change nothing.
    """

    def __init__(self) -> None:
        self._txt = 0
        self._layout: Layout | None = None
        self.edits: dict[str, Edit] = {
            "in.txt_ids": self._hear_text,
            "in.img_ids": self._hear_image,
        }

    @property
    def layout(self) -> Layout:
        """The layout of the model call that is running.

        Raises NeverFiredError when the positions were set before.
        """
        if self._layout is None:
            raise NeverFiredError(
                "in.img_ids never fired, so nobody knows where the picture's tokens are. Call the "
                "model, or its setting(), inside the with block."
            )
        return self._layout

    def _hear_text(
        self, ids: Float[Tensor, "batch txt axis"], at: At
    ) -> Float[Tensor, "batch txt axis"]:
        self._txt = ids.shape[1]
        return ids

    def _hear_image(
        self, ids: Float[Tensor, "batch img axis"], at: At
    ) -> Float[Tensor, "batch img axis"]:
        self._layout = Layout.from_ids(self._txt, ids)
        return ids
