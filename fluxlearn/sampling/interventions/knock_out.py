"""Attention knock-out: some tokens no longer see some others.

    S_ij ← −∞       for queries i and keys j, before the softmax

The rest of each row grows to 1 again, so what is lost is the path, not the amount of attention.

    red = find_tokens(pipe, "red", prompt)
    knock_out("*", queries="<image>", keys=red)        the picture cannot read the word
    knock_out("*", keys=find_tokens(pipe, "<padding>", prompt))
                                                       nobody sees padding, the usual sink

A path through other tokens remains: what T5 mixed into the neighbouring words, and what the word
itself writes into tokens that are still seen. Source: arXiv:2304.14767, for language models.
"""

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fluxlearn.sampling.interventions.intervention import Intervention, as_names
from fluxlearn.sampling.interventions.places import LayoutReader, Places, Tokens
from fluxlearn.trace.attention.groups import Layout
from fluxlearn.trace.edit import At


def knock_out(
    blocks: str | Iterable[str], *, queries: Tokens | None = None, keys: Tokens
) -> Intervention:
    """Hide some tokens from some others in the attention of some blocks.

    blocks   names or globs: "double.3", "single.*".
    queries  the tokens that look; None is all of them. A query that may see nothing gathers zeros.
    keys     the tokens they no longer see. For both: see `places`.

    Under true guidance positions count in the empty prompt too: `edit(…, branch="cond")` spares it.

    Raises TypeError or ValueError for what is no token, ValueError in the first model call for
    positions outside its sequence.
    """
    names = as_names("blocks", blocks)
    looking = None if queries is None else Places("queries", queries)
    hidden = Places("keys", keys)
    reader = LayoutReader()
    blindfold = _Blindfold(looking, hidden, reader)
    return Intervention(
        builder="knock_out",
        arguments={
            "blocks": names,
            "queries": looking and looking.data,
            "keys": hidden.data,
        },
        edits={
            **reader.edits,
            **{f"{name}.attn.q": blindfold.see for name in names},
            **{f"{name}.attn.mask": blindfold.hide for name in names},
        },
    )


class _Blindfold:
    """Makes the mask of a block when its queries, which have the same sizes, have come by."""

    def __init__(self, queries: Places | None, keys: Places, reader: LayoutReader) -> None:
        self.queries, self.keys, self.reader = queries, keys, reader
        self.q = torch.empty(0)
        self._known: tuple[Layout, Tensor] | None = None

    def see(
        self, q: Float[Tensor, "batch head seq head_dim"], at: At
    ) -> Float[Tensor, "batch head seq head_dim"]:
        self.q = q
        return q

    def hide(self, mask: Any, at: At) -> Tensor:
        hidden = self._hidden()
        if mask is None:
            # One for each picture, so that a knock-out inside may tell pictures apart.
            empty = self.q.new_zeros(len(self.q), 1, *hidden.shape[2:])
            return empty.masked_fill(hidden, float("-inf"))
        closed = False if mask.dtype == torch.bool else float("-inf")
        both = torch.where(hidden, closed, mask)
        return both.reshape(mask.shape) if both.numel() == mask.numel() else both

    def _hidden(self) -> Bool[Tensor, "_ 1 seq seq"]:
        """True where a query must not see a key; made once a model call."""
        layout = self.reader.layout
        if self._known is None or self._known[0] is not layout:
            batch = self.q.shape[0]
            keys = self.keys.inside(layout, batch)
            queries = torch.ones_like(keys[:1])
            if self.queries is not None:
                queries = self.queries.inside(layout, batch)
            self._known = layout, queries[:, None, :, None] & keys[:, None, None, :]
        return self._known[1]
