"""Steering: a push along a direction that tells two kinds of prompts apart.

    (1)  d = mean over pairs of h(second) − h(first)         h: a point, averaged over its tokens
    (2)  x ← x + strength · d                                at every token of that point

    pairs = [("a blue circle", "a red circle"), ("a blue cross", "a red cross")]
    redder = direction_between(pipe, pairs, "double.1.img.resid_post")
    with edit(pipe, steer(redder, 2)):
        pipe.paint("a green square")

Two prompts of a pair are painted from the same noise, so that what they differ in is what the pair
is about. `agreement` tells whether the pairs point the same way at all.

Source: activation addition, arXiv:2308.10248.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from fluxlearn.sampling.excerpt import choose_steps, paint_until
from fluxlearn.sampling.interventions.intervention import Intervention, as_number, as_steps
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.trace.edit import At
from fluxlearn.trace.find import find
from fluxlearn.trace.record import record
from fluxlearn.trace.reduce import Reducer

# [batch, tokens, channels] → [batch, channels]; what has no tokens stays as it is.
mean_tokens = Reducer(
    "mean over tokens",
    lambda value, axes: value.float().mean(dim=1) if value.ndim == 3 else value.float(),
    lambda axes: [axes[0], axes[-1]],
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Direction:
    """Where one kind of prompt lies, seen from another, at one point."""

    point: str
    vector: Float[Tensor, " _"]  # one number a channel, from the first prompts to the second
    agreement: float  # mean cosine between the difference of each pair and the vector, −1 to 1

    def __repr__(self) -> str:
        size = self.vector.norm()
        return f"<direction at {self.point}, length {size:.3g}, agreement {self.agreement:.2f}>"


def direction_between(
    pipe: Pipeline,
    pairs: Iterable[Sequence[str]],
    point: str,
    *,
    at_steps: Iterable[int] | None = None,
    **options: Any,
) -> Direction:
    """Find the direction from the first prompts of pairs to the second, equation (1).

    pairs     of prompts that differ in one thing only; the more pairs, the less else is in it.
    point     with the axes [batch, tokens, channels] or [batch, channels].
    at_steps  sampling steps to average over; None is all of them.
    options   of painting: steps, seed, guidance; see `Options`.

    Costs one picture for each prompt, and no decoding. Raises TypeError or ValueError, before any
    painting, for what is no pair, for a point that stands for several or has other axes, and for a
    step that is not there.
    """
    both = _checked(pairs)
    _check_point(pipe, point)
    chosen = choose_steps(pipe, None if at_steps is None else as_steps(at_steps), options)
    before, after = (_mean(pipe, prompts, point, chosen, options) for prompts in both)
    differences = after - before
    vector = differences.mean(dim=0)
    agreement = float(cosine_similarity(differences, vector[None], dim=1).mean())
    return Direction(point=point, vector=vector, agreement=agreement)


def steer(direction: Direction, strength: float = 1.0) -> Intervention:
    """Push every token along a direction, equation (2).

    strength  1 is the mean difference of the pairs; negative goes the other way.
    """
    by = as_number("strength", strength)

    def push(value: Tensor, at: At) -> Tensor:
        if value.shape[-1] != len(direction.vector):
            raise ValueError(
                f"the direction has {len(direction.vector)} channels, but {at.point!r} is "
                f"{tuple(value.shape)}. Find the direction in this model."
            )
        return value + by * direction.vector.to(value)

    return Intervention(
        builder="steer",
        arguments={"direction": direction, "strength": by},
        edits={direction.point: push},
    )


def _checked(pairs: Iterable[Sequence[str]]) -> tuple[list[str], list[str]]:
    """First and second prompts."""
    several = list(pairs)
    for pair in several:
        if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:
            raise ValueError(
                f"{pair!r} is no pair of two different prompts: "
                f"[('a blue circle', 'a red circle'), …] is expected."
            )
    if not several:
        raise ValueError("pairs is empty, but a direction needs at least one pair of prompts.")
    return [first for first, _ in several], [second for _, second in several]


def _check_point(pipe: Pipeline, name: str) -> None:
    (found,) = find([name], pipe.points()).values()
    axes = found[0].shape.split()
    if len(found) > 1 or found[0].name != name:
        raise ValueError(f"{name!r} stands for {len(found)} points, but a direction lies at one.")
    if len(axes) not in (2, 3) or axes[0] != "batch":
        raise ValueError(
            f"{name!r} has the axes [{', '.join(axes)}], but [batch, tokens, channels] or [batch, "
            f"channels] is expected. 'double.0.img.resid_post' and 'vec' are such points."
        )


@torch.no_grad()
def _mean(
    pipe: Pipeline,
    prompts: list[str],
    point: str,
    steps: tuple[int, ...],
    options: dict[str, Any],
) -> Float[Tensor, "batch _"]:
    """A point averaged over tokens and steps, a row a prompt."""
    with record(pipe, point, reduce=mean_tokens, steps=steps) as seen:
        for _ in paint_until(pipe, prompts, steps[-1], options):
            pass
    value = seen[point]  # a point that fires once a painting has no axis of steps
    return value.mean(dim=0) if value.ndim == 3 else value
