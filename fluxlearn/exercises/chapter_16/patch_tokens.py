"""Put some tokens of another painting in the place of one's own.

    x_i = recorded_i at this step        for the tokens i, all others stay

value is [batch, seq, dim]; recorded holds the same point of the other painting at every step,
[step, batch, seq, dim]. A value goes where it came from: same point, same step, same token.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def patch_tokens(
    value: Float[Tensor, "batch seq dim"],
    recorded: Float[Tensor, "step batch seq dim"],
    step: int,
    tokens: list[int],
) -> Float[Tensor, "batch seq dim"]:
    """What `fluxlearn.sampling.interventions.patch` does."""
    changed = value.clone()
    changed[:, tokens] = recorded[step][:, tokens]
    return changed


def by_choosing(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """Token by token from one painting or the other, nothing written in place."""
    taken = torch.isin(torch.arange(value.shape[1]), torch.tensor(tokens))
    return torch.where(taken[:, None], recorded[step], value)


def all_tokens(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """All tokens are replaced: the named ones only."""
    return recorded[step]


def other_tokens(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """The named tokens stay and all others are replaced: it is the other way round."""
    return patch_tokens(recorded[step], value[None], 0, tokens)


def first_step(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """The value is that of the first step, whatever the step is: early values do not fit later."""
    return patch_tokens(value, recorded, 0, tokens)


def mean_of_steps(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """The mean over all steps is put in: take the step that is running."""
    return patch_tokens(value, recorded.mean(dim=0, keepdim=True), 0, tokens)


def added(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """What was recorded is added: it takes the value's place."""
    return value + patch_tokens(torch.zeros_like(value), recorded, step, tokens)


def channels(value: Tensor, recorded: Tensor, step: int, tokens: list[int]) -> Tensor:
    """Some channels of every token are replaced: tokens are axis 1, channels axis 2."""
    return patch_tokens(value.mT, recorded.mT, step, tokens).mT


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, int, list[int]]:
    """Three recorded steps, of which the last is running."""
    value = torch.randn(2, 5, 6, generator=generator)
    return value, torch.randn(3, 2, 5, 6, generator=generator), 2, [1, 3]


def recorded(trained: Trained) -> tuple[Tensor, Tensor, int, list[int]]:
    """The text stream before the first block and after it; "red" is patched."""
    before, after = (trained.seen[f"double.0.txt.resid_{end}"] for end in ("pre", "post"))
    return before, after[None], 0, [2]


EXERCISE = Exercise(
    solution=patch_tokens,
    other=by_choosing,
    mistakes=(all_tokens, other_tokens, first_step, mean_of_steps, added, channels),
    hints=(
        "Three choices: which step of the recording, which tokens, and what stays.",
        "Start from value.clone(), so that the caller's value is not changed.",
        "changed[:, tokens] = recorded[step][:, tokens]",
    ),
    returns="[batch, seq, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("value", "recorded"),
)
