"""One small network, learned on two moons by two recipes: DDPM's and flow matching's.

    ddpm   model(x_k, k / 1000) ≈ ε         x_k = √ᾱ · x₀ + √(1 − ᾱ) · ε        k even in 1 … 1000
    flow   model(x_t, t) ≈ ε − x₀           x_t = (1 − t) · x₀ + t · ε          t even in [0, 1]

First weights, data and their order, learning rate and number of updates are the same, so that what
comes out differently comes from the recipe.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.ddpm import (
    STEPS,
    alphas_bar,
    ddim_step,
    ddpm_step,
    diffuse,
    linear_betas,
    straighten,
)
from fluxlearn.sampling.solvers import StepTaps, euler
from fluxlearn.toy.moons import draw_moons
from fluxlearn.training.loss import Model, flow_loss

ALPHAS_BAR = torch.cat([torch.ones(1), alphas_bar(linear_betas())])
"""ᾱ₀ = 1 … ᾱ₁₀₀₀: [1001], the clean picture first."""

Recipe = Callable[[Model, Tensor, torch.Generator], Tensor]
"""recipe(model, clean points, generator) -> loss."""


class PointNet(nn.Module):
    """A point and a time → two numbers, by three hidden layers."""

    def __init__(self, hidden: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 2),
        )

    def forward(
        self, x: Float[Tensor, "batch 1 2"], t: Float[Tensor, " _"]
    ) -> Float[Tensor, "batch 1 2"]:
        when = t.expand(len(x))[:, None, None]
        return self.layers(torch.cat([x, when], dim=-1))


def flow_recipe(model: Model, x0: Tensor, generator: torch.Generator) -> Tensor:
    """The loss of flow matching, at a time of its own for every point."""
    return flow_loss(model, x0, torch.rand(len(x0), generator=generator), generator)


def ddpm_recipe(model: Model, x0: Tensor, generator: torch.Generator) -> Tensor:
    """DDPM's loss: the squared error of the noise, at a step of its own for every point."""
    k = torch.randint(1, STEPS + 1, (len(x0),), generator=generator)
    noise = torch.randn(x0.shape, generator=generator)
    said = model(diffuse(x0, noise, ALPHAS_BAR[k]), k / STEPS)
    return (said - noise).square().mean()


def learn_moons(recipe: Recipe, updates: int = 2500, seed: int = 0) -> PointNet:
    """Train a network by a recipe. With the same seed it starts from the same weights and data."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        model = PointNet()
    data, chance = (torch.Generator().manual_seed(seed + i) for i in (1, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    slowing = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    for _ in range(updates):
        loss = recipe(model, draw_moons(256, data), chance)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slowing.step()
    return model.requires_grad_(False)


def follow_flow(
    model: Model, noise: Float[Tensor, "batch 1 2"], times: list[float]
) -> Float[Tensor, "time batch 2"]:
    """Euler's way from noise to data over these times, which fall from 1 to 0; start included."""
    states = euler(lambda x, t: model(x, torch.tensor([t])), noise, times, StepTaps())
    return torch.stack([noise, *(state.x_next for state in states)])[:, :, 0]


def follow_ddpm(
    model: Model,
    noise: Float[Tensor, "batch 1 2"],
    numbers: list[int],
    generator: torch.Generator | None = None,
) -> Float[Tensor, "time batch 2"]:
    """DDPM's way from noise to data over steps of these numbers, which fall from 1000 to 0.

    generator  of fresh noise. Without one every step is DDIM's, which needs none.
    """
    run = [noise]
    for k, k_next in pairwise(numbers):
        x, before, after = run[-1], ALPHAS_BAR[k].item(), ALPHAS_BAR[k_next].item()
        said = model(x, torch.tensor([k / STEPS]))
        if generator is None:
            run.append(ddim_step(x, said, before, after))
        else:
            run.append(ddpm_step(x, said, before, after, generator))
    return torch.stack(run)[:, :, 0]


def even_times(steps: int) -> list[float]:
    """Times from 1 to 0 in even steps."""
    return torch.linspace(1, 0, steps + 1).tolist()


def even_numbers(steps: int) -> list[int]:
    """Numbers from 1000 to 0 in even steps, as DDPM's samplers choose them."""
    return torch.linspace(STEPS, 0, steps + 1).round().int().tolist()


def numbers_at(times: list[float]) -> list[int]:
    """The numbers of DDPM's steps that lie nearest to these times of the straight path."""
    known = straighten(torch.zeros(len(ALPHAS_BAR)), ALPHAS_BAR)[1]
    return [int((known - t).abs().argmin()) for t in times]
