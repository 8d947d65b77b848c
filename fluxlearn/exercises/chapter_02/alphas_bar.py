"""How much of the picture is left after each of DDPM's steps, as a share of the variance?

    ᾱₖ = (1 − β₁) · (1 − β₂) · … · (1 − βₖ)

Step k replaces a share βₖ of the variance by fresh noise. Checked with toy-dev, the β are those
with which DDPM would pass the times of a painting.
"""

import torch
from torch import Tensor

from fluxlearn.ddpm import alpha_bar_at, alphas_bar
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def by_a_loop(betas: Tensor) -> Tensor:
    """One product after the other."""
    left, kept = [], 1.0
    for beta in betas:
        kept = kept * (1 - beta)
        left.append(kept)
    return torch.stack(left)


def of_the_noise(betas: Tensor) -> Tensor:
    """The β themselves are multiplied: they are what is lost, and 1 − β what is left."""
    return betas.cumprod(dim=0)


def summed(betas: Tensor) -> Tensor:
    """The losses are added up: each step takes its share of what the steps before it left."""
    return 1 - betas.cumsum(dim=0)


def one_step(betas: Tensor) -> Tensor:
    """This is what each step leaves of the one before it: multiply all of them up to k."""
    return 1 - betas


def rooted(betas: Tensor) -> Tensor:
    """These are the amounts √ᾱ: the shares of the variance ᾱ are asked for."""
    return alphas_bar(betas).sqrt()


def one_early(betas: Tensor) -> Tensor:
    """Each is that of the step before: after step 1 there is 1 − β₁ left, not 1."""
    return torch.cat([torch.ones(1), alphas_bar(betas)[:-1]])


def the_noise(betas: Tensor) -> Tensor:
    """These are the shares of the noise, 1 − ᾱ: they grow, while the picture's fall."""
    return 1 - alphas_bar(betas)


def inputs(generator: torch.Generator) -> tuple[Tensor]:
    """A few large steps."""
    return (0.3 * torch.rand(6, generator=generator),)


def recorded(trained: Trained) -> tuple[Tensor]:
    """From ᾱ back to β: 1 − ᾱₖ / ᾱₖ₋₁."""
    left = torch.as_tensor(alpha_bar_at(torch.tensor(trained.run.times[::-1])))
    return (1 - left[1:] / left[:-1],)


EXERCISE = Exercise(
    solution=alphas_bar,
    other=by_a_loop,
    mistakes=(of_the_noise, summed, one_step, rooted, one_early, the_noise),
    hints=(
        "If a step takes a tenth and the next a fifth of the rest, what is left?",
        "torch has running products as it has running sums.",
        "(1 - betas).cumprod(dim=0)",
    ),
    returns="[time], falling",
    inputs=inputs,
    recorded=recorded,
    gradients=("betas",),
    atol=1e-6,
)
