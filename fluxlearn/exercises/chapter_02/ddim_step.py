"""One step of DDIM: from the share ᾱ to a later, larger one.

    x₀ = (x − √(1 − ᾱ) · ε) / √ᾱ
    x′ = √ᾱ′ · x₀ + √(1 − ᾱ′) · ε

noise is the network's ε for x. Both shares are numbers here.
"""

import torch
from torch import Tensor

from fluxlearn.ddpm import alpha_bar_at, ddim_step, velocity_from_diffused, x0_from_diffused
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def by_euler(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """To the straight path, a step of Euler's, and back to the circle."""
    size, size_next = (left**0.5 + (1 - left) ** 0.5 for left in (alpha_bar, alpha_bar_next))
    t, t_next = (1 - alpha_bar) ** 0.5 / size, (1 - alpha_bar_next) ** 0.5 / size_next
    v = velocity_from_diffused(x, noise, alpha_bar)
    return size_next * (x / size + (t_next - t) * v)


def to_the_end(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """This is x₀, all the way: it is mixed anew with the noise that is still left at ᾱ′."""
    return x0_from_diffused(x, noise, alpha_bar)


def no_noise(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """The noise that is left at ᾱ′ is missing: only the picture is there, made fainter."""
    return alpha_bar_next**0.5 * x0_from_diffused(x, noise, alpha_bar)


def old_noise(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """The noise keeps the amount of ᾱ: at ᾱ′ there is less of it."""
    x0 = x0_from_diffused(x, noise, alpha_bar)
    return alpha_bar_next**0.5 * x0 + (1 - alpha_bar) ** 0.5 * noise


def backwards(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """The two shares have changed places: x lies at ᾱ, and the step leads to ᾱ′."""
    return ddim_step(x, noise, alpha_bar_next, alpha_bar)


def noise_only(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """Only the noise is made less: the picture must grow from √ᾱ to √ᾱ′ as well."""
    return x + ((1 - alpha_bar_next) ** 0.5 - (1 - alpha_bar) ** 0.5) * noise


def picture_whole(x: Tensor, noise: Tensor, alpha_bar: float, alpha_bar_next: float) -> Tensor:
    """The picture comes in whole: at ᾱ′ its amount is √ᾱ′."""
    return x0_from_diffused(x, noise, alpha_bar) + (1 - alpha_bar_next) ** 0.5 * noise


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, float, float]:
    """A point in the middle, and a step towards the picture."""
    x, noise = torch.randn(2, 4, 3, 2, generator=generator)
    first, second = (0.3 * torch.rand(2, generator=generator)).tolist()
    return x, noise, 0.2 + first, 0.6 + second


def recorded(trained: Trained) -> tuple[Tensor, Tensor, float, float]:
    """A step of toy-dev's painting, as a DDPM would take it."""
    seen, times = trained.seen, trained.run.times
    now = seen["in.t"].item()
    later = max(t for t in times if t < now - 1e-6)
    left, left_next = (alpha_bar_at(t) for t in (now, later))
    size = left**0.5 + (1 - left) ** 0.5
    return seen["step.x"] * size, seen["step.eps_hat"], left, left_next


EXERCISE = Exercise(
    solution=ddim_step,
    other=by_euler,
    mistakes=(to_the_end, no_noise, old_noise, backwards, noise_only, picture_whole),
    hints=(
        "Which picture does the network see in x? Your last exercise has it as a middle result.",
        "Mix that picture with the same noise again, in the amounts of ᾱ′.",
        "alpha_bar_next**0.5 * x0 + (1 - alpha_bar_next) ** 0.5 * noise",
    ),
    returns="x at ᾱ′",
    inputs=inputs,
    recorded=recorded,
    gradients=("x", "noise"),
    atol=1e-4,  # divided by √ᾱ, which is small near noise
)
