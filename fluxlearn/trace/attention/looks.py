"""What a probe keeps of one block's attention: a function, and the shape of what it gives.

    masses(groups)        what each place of the picture gives to each group       img region
    budget(groups)        what a group as a whole gives to each group              region region
    spread()              entropy of each place of the picture                     img
    strongest(n)          the n keys each place looks at most, and how much        img n 2
    whole_head(head)      one head's matrix                                        seq seq

All start with the axes batch and head; `whole_head` has one head.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.trace.attention.columns import region_mass
from fluxlearn.trace.attention.groups import Groups, Layout
from fluxlearn.trace.attention.rows import entropy, one_head, top_k


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """One attention as a probe meets it, and how its tokens are laid out."""

    q: Float[Tensor, "batch head query head_dim"]
    k: Float[Tensor, "batch head seq head_dim"]
    mask: Tensor | None
    layout: Layout

    def of_picture(self) -> "Sight":
        """The same with the picture's tokens as the only queries."""
        asking, mask = self.layout.picture, self.mask
        if mask is not None and mask.shape[-2] != 1:  # 1: the same for all queries
            mask = mask.index_select(-2, asking)
        return replace(self, q=self.q.index_select(2, asking), mask=mask)


@dataclass(frozen=True, kw_only=True)
class Look:
    """A function of a `Sight`, with the shape of its result known before it runs."""

    name: str  # for messages
    apply: Callable[[Sight], Tensor]  # [batch, head, *axes] in float32
    axes: tuple[str, ...]  # words of the axes after batch and head
    shape: Callable[[Sight], tuple[int, ...]]  # of the whole result
    can_be_averaged: bool = True  # whether a mean over heads, blocks or steps has a meaning


def masses(groups: Groups) -> Look:
    """What each place of the picture gives to each group: the maps of words."""
    indicator = _once_a_call(groups)

    def apply(sight: Sight) -> Tensor:
        asking = sight.of_picture()
        regions = indicator(sight.layout, len(sight.q))
        return region_mass(asking.q, asking.k, regions, asking.mask)

    def shape(sight: Sight) -> tuple[int, ...]:
        return (*sight.q.shape[:2], len(sight.layout.picture), len(groups.names))

    return Look(name="masses", apply=apply, axes=("img", "region"), shape=shape)


def budget(groups: Groups) -> Look:
    """How much of its attention a group gives to each group, as a mean over its tokens.

        M = Eᵀ·P·E / |region|           a row of regions that hold every key once adds up to 1

    A region without tokens has a row of NaN: it gives nothing, and not zero.
    """
    indicator = _once_a_call(groups)

    def apply(sight: Sight) -> Tensor:
        regions = indicator(sight.layout, len(sight.q))
        gives = region_mass(sight.q, sight.k, regions, sight.mask)
        return regions.mT[:, None] @ gives / regions.sum(dim=1)[:, None, :, None]

    def shape(sight: Sight) -> tuple[int, ...]:
        return (*sight.q.shape[:2], len(groups.names), len(groups.names))

    return Look(name="a budget", apply=apply, axes=("region", "region"), shape=shape)


def spread() -> Look:
    """How widely each place of the picture looks, in nats."""

    def apply(sight: Sight) -> Tensor:
        asking = sight.of_picture()
        return entropy(asking.q, asking.k, asking.mask)

    def shape(sight: Sight) -> tuple[int, ...]:
        return (*sight.q.shape[:2], len(sight.layout.picture))

    return Look(name="entropies", apply=apply, axes=("img",), shape=shape)


def strongest(n: int) -> Look:
    """The n keys that each place looks at most: pairs (probability, position of the key)."""

    def apply(sight: Sight) -> Tensor:
        asking = sight.of_picture()
        best = top_k(asking.q, asking.k, n, asking.mask)
        return torch.stack([best.probabilities, best.tokens.float()], dim=-1)

    def shape(sight: Sight) -> tuple[int, ...]:
        return (*sight.q.shape[:2], len(sight.layout.picture), n, 2)

    return Look(
        name=f"the {n} strongest keys",
        apply=apply,
        axes=("img", "n", "2"),
        shape=shape,
        can_be_averaged=False,
    )


def whole_head(head: int) -> Look:
    """The whole matrix of one head; its size is told, and refused, before it is made."""

    def apply(sight: Sight) -> Tensor:
        return one_head(sight.q, sight.k, head, sight.mask)[:, None]

    def shape(sight: Sight) -> tuple[int, ...]:
        return (len(sight.q), 1, sight.q.shape[2], sight.k.shape[2])

    return Look(name=f"head {head}", apply=apply, axes=("seq", "seq"), shape=shape)


def _once_a_call(groups: Groups) -> Callable[[Layout, int], Tensor]:
    """E of some groups, made for the first block of a model call and kept for the others."""
    # Layouts are told apart by identity, and each call has one of its own.
    return lru_cache(maxsize=1)(groups.indicator)
