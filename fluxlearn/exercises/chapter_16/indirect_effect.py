"""How much of the difference between two prompts goes through each block at each step?

    total  = m(source) − m(target)                                   for each seed
    effect = m(target, with one block's writes from source) − m(target)
    share  = mean effect / mean total                                means over seeds

m is a measure of a picture. patched holds it for every patched painting, [block, step, seed];
source and target hold it for the two prompts, [seed].
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def indirect_effect(
    patched: Float[Tensor, "block step _"],
    source: Float[Tensor, " _"],
    target: Float[Tensor, " _"],
) -> Float[Tensor, "block step"]:
    """0: nothing of the difference went this way; 1: all of it."""
    return (patched - target).mean(dim=-1) / (source - target).mean()


def by_sums(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The number of seeds is the same above and below, so sums will do."""
    return (patched.sum(dim=-1) - target.sum()) / (source.sum() - target.sum())


def mean_of_ratios(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Ratios are averaged: a seed with hardly any difference would outweigh all others."""
    return ((patched - target) / (source - target)).mean(dim=-1)


def not_subtracted(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The target's own measure is still in it: without any patch this is not 0."""
    return patched.mean(dim=-1) / (source - target).mean()


def what_is_left(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """This is what the patch leaves undone: 1 where nothing happened."""
    return (source - patched).mean(dim=-1) / (source - target).mean()


def of_source(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The effect is divided by the source's measure: divide by what the prompts differ in."""
    return (patched - target).mean(dim=-1) / source.mean()


def not_divided(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """This is the effect in units of the measure: divide by the total to have a share."""
    return (patched - target).mean(dim=-1)


def of_largest(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The largest effect is called 1: shares are of the total, and need not reach it."""
    effect = (patched - target).mean(dim=-1)
    return effect / effect.max()


def over_steps(patched: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The mean runs over steps: average over seeds, the last axis."""
    return (patched - target).mean(dim=1) / (source - target).mean()


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Four seeds; one of them paints nearly the same for both prompts."""
    target = torch.rand(4, generator=generator)
    source = target + torch.tensor([0.05, 1.0, 1.2, 0.8])
    return target + torch.rand(3, 5, 4, generator=generator), source, target


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """The places of the expected picture as if they were measured, each channel as if a seed."""
    patched = trained.seen["step.x0_hat"][0].unflatten(0, (8, 8))
    return patched, patched.amax(dim=(0, 1)), patched.amin(dim=(0, 1))


EXERCISE = Exercise(
    solution=indirect_effect,
    other=by_sums,
    mistakes=(
        mean_of_ratios,
        not_subtracted,
        what_is_left,
        of_source,
        not_divided,
        of_largest,
        over_steps,
    ),
    hints=(
        "What should come out when the patch does nothing? And when it turns target into source?",
        "Subtract the target first. Average over seeds before you divide.",
        "(patched - target).mean(dim=-1) / (source - target).mean()",
    ),
    returns="[block, step]",
    inputs=inputs,
    recorded=recorded,
)
