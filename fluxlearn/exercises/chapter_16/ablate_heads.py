"""Let some heads gather nothing.

    z_h = 0        for the heads h, at every token

z is what each head of a block gathered, [batch, head, seq, head_dim]; heads count from 0. What
attention writes is a sum over heads, so zeros remove exactly what these heads would have added.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def ablate_heads(
    z: Float[Tensor, "batch head seq head_dim"], heads: list[int]
) -> Float[Tensor, "batch head seq head_dim"]:
    """What `fluxlearn.sampling.interventions.heads` does at `attn.z`."""
    return z.index_fill(1, torch.tensor(heads), 0)


def by_factors(z: Tensor, heads: list[int]) -> Tensor:
    """A factor for each head: 0 for those that go, 1 for those that stay."""
    factors = torch.ones(z.shape[1])
    factors[heads] = 0
    return z * factors[:, None, None]


def tokens_instead(z: Tensor, heads: list[int]) -> Tensor:
    """Tokens are silenced: heads are axis 1, tokens axis 2."""
    return z.index_fill(2, torch.tensor(heads), 0)


def channels_instead(z: Tensor, heads: list[int]) -> Tensor:
    """Some channels of every head are silenced: heads are axis 1, their channels axis 3."""
    return z.index_fill(3, torch.tensor(heads), 0)


def the_others(z: Tensor, heads: list[int]) -> Tensor:
    """The named heads are kept and all others silenced: it is the other way round."""
    return z - ablate_heads(z, heads)


def as_many(z: Tensor, heads: list[int]) -> Tensor:
    """The first heads are silenced, as many as are named: their numbers say which."""
    return ablate_heads(z, list(range(len(heads))))


def by_mean(z: Tensor, heads: list[int]) -> Tensor:
    """The heads get their mean over tokens: that is mean ablation, and here they get zeros."""
    mean = z.mean(dim=2, keepdim=True).expand_as(z)
    return torch.where(ablate_heads(torch.ones_like(z), heads) == 0, mean, z)


def cut_out(z: Tensor, heads: list[int]) -> Tensor:
    """The heads are cut out: the projection behind them expects all heads, some of them zero."""
    return z[:, [head for head in range(z.shape[1]) if head not in heads]]


def inputs(generator: torch.Generator) -> tuple[Tensor, list[int]]:
    """Four heads of which two go; neither is the first."""
    return torch.randn(2, 4, 5, 6, generator=generator), [1, 3]


def recorded(trained: Trained) -> tuple[Tensor, list[int]]:
    """What the first block's heads gathered."""
    return trained.seen["double.0.attn.z"], [2]


EXERCISE = Exercise(
    solution=ablate_heads,
    other=by_factors,
    mistakes=(tokens_instead, channels_instead, the_others, as_many, by_mean, cut_out),
    hints=(
        "Which axis counts the heads?",
        "Leave z as it was: a factor of 0 or 1 for each head makes a new tensor.",
        "z.index_fill(1, torch.tensor(heads), 0)",
    ),
    returns="[batch, head, seq, head_dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("z",),
)
