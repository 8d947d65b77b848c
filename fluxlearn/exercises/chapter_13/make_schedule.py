"""At which times is the model asked? Even steps from 1 to 0, bent towards noise.

    tᵢ = 1 − i / steps               i = 0 … steps, so steps + 1 times
    t′ = e^μ / (e^μ + 1/t − 1)       μ from the number of image tokens, unless shifted is False

`fluxlearn.sampling.schedule` has `shift_for` and `time_shift`.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.sampling.schedule import make_schedule, shift_for, time_shift


def with_zero_last(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """The times of the model calls, and 0 at the end: diffusers' way."""
    calls = torch.linspace(1, 1 / steps, steps)
    calls = torch.sigmoid(torch.logit(calls) + shift_for(tokens)) if shifted else calls
    return torch.cat([calls, torch.zeros(1)])


def without_the_end(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """The last 0 is missing: each step needs a time to go to, so there is one time more."""
    return make_schedule(steps, tokens, shifted)[:-1]


def one_too_many(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """There is one step too many: steps + 1 times are enough."""
    return make_schedule(steps + 1, tokens, shifted)


def rising(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """Times rise: painting starts at noise, t = 1."""
    return make_schedule(steps, tokens, shifted).flip(0)


def even(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """The steps are even: only schnell does without the shift."""
    return torch.linspace(1, 0, steps + 1)


def shifted_twice(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """The times are bent twice."""
    return time_shift(shift_for(tokens), make_schedule(steps, tokens))


def bent_by_steps(steps: int, tokens: int, shifted: bool = True) -> Tensor:
    """μ is taken from the number of steps: it depends on the number of tokens."""
    return make_schedule(steps, steps)


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """A few steps for a picture that is not small."""
    steps = int(torch.randint(3, 9, (), generator=generator))
    return steps, int(torch.randint(1024, 4096, (), generator=generator))


def recorded(trained: Trained) -> tuple[int, int, bool]:
    """The painting's own schedule."""
    run = trained.run
    return run.options.steps, run.tokens.shape[1], trained.pipe.defaults.shifted


EXERCISE = Exercise(
    solution=make_schedule,
    other=with_zero_last,
    mistakes=(without_the_end, one_too_many, rising, even, shifted_twice, bent_by_steps),
    hints=(
        "How many posts has a fence with n gaps?",
        "torch.linspace(1, 0, steps + 1) are the even times.",
        "time_shift(shift_for(tokens), times) bends them, if shifted.",
    ),
    returns="[steps + 1], from 1 to 0",
    inputs=inputs,
    recorded=recorded,
)
