"""The direction from one kind of prompt to another, at one point of the model.

    d = mean over pairs of h(second) − h(first)        h: the point's value, averaged over tokens

first and second are [pairs, seq, dim], the value at the point for the two prompts of each pair,
such as "a blue circle" and "a red circle". Adding d should make things redder.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def direction(
    first: Float[Tensor, "_ seq dim"], second: Float[Tensor, "_ seq dim"]
) -> Float[Tensor, " dim"]:
    """One number a channel: what `fluxlearn.sampling.interventions.steer` adds at every token."""
    return (second.mean(dim=1) - first.mean(dim=1)).mean(dim=0)


def all_at_once(first: Tensor, second: Tensor) -> Tensor:
    """Means of differences are differences of means."""
    return second.mean(dim=(0, 1)) - first.mean(dim=(0, 1))


def reversed_(first: Tensor, second: Tensor) -> Tensor:
    """The direction leads from the second prompts to the first: it should lead to the second."""
    return direction(second, first)


def unit(first: Tensor, second: Tensor) -> Tensor:
    """The direction is made to length 1: keep its length, so that a strength of 1 is one pair."""
    difference = direction(first, second)
    return difference / difference.norm()


def unit_pairs(first: Tensor, second: Tensor) -> Tensor:
    """Each pair's difference is made to length 1 before the mean: a weak pair counts too much."""
    differences = second.mean(dim=1) - first.mean(dim=1)
    return (differences / differences.norm(dim=-1, keepdim=True)).mean(dim=0)


def one_pair(first: Tensor, second: Tensor) -> Tensor:
    """Only the first pair is used: what else its prompts differ in stays in the direction."""
    return direction(first[:1], second[:1])


def tokens_summed(first: Tensor, second: Tensor) -> Tensor:
    """Tokens are added up: it is pushed at every token, so take their mean."""
    return direction(first, second) * first.shape[1]


def not_the_difference(first: Tensor, second: Tensor) -> Tensor:
    """This is where the second prompts lie: subtract the first, which share all but one thing."""
    return second.mean(dim=(0, 1))


def token_by_token(first: Tensor, second: Tensor) -> Tensor:
    """Tokens are kept apart: average over them, since the push is the same for all."""
    return (second - first).mean(dim=0)


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Three pairs, which differ in one direction and a little besides."""
    first, little = torch.randn(2, 3, 5, 8, generator=generator)
    return first, first + 0.2 * little + torch.randn(8, generator=generator)


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The picture's stream before and after the first block: what the block adds on average."""
    before, after = (trained.seen[f"double.0.img.resid_{end}"] for end in ("pre", "post"))
    return before, after


EXERCISE = Exercise(
    solution=direction,
    other=all_at_once,
    mistakes=(
        reversed_,
        unit,
        unit_pairs,
        one_pair,
        tokens_summed,
        not_the_difference,
        token_by_token,
    ),
    hints=(
        "Two means: over which axes? And what is subtracted from what?",
        "Average over tokens, subtract the first from the second, average over pairs.",
        "(second.mean(dim=1) - first.mean(dim=1)).mean(dim=0)",
    ),
    returns="[dim]",
    inputs=inputs,
    recorded=recorded,
)
