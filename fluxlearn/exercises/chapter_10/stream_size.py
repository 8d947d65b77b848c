"""How large is a stream? The root mean square of a token's channels, as a mean over the tokens.

    size = mean over tokens of √(mean over channels of x²)

x is [batch, seq, dim]. A stream of independent values with mean 0 and variance 1 has size 1,
however wide the model is.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def stream_size(x: Float[Tensor, "batch seq dim"]) -> Float[Tensor, " batch"]:
    """One number a picture; what `fluxlearn.sampling.streams` measures."""
    return x.square().mean(dim=-1).sqrt().mean(dim=-1)


def by_lengths(x: Tensor) -> Tensor:
    """The length of each token, divided by √dim."""
    return x.norm(dim=-1).mean(dim=-1) / x.shape[-1] ** 0.5


def spread(x: Tensor) -> Tensor:
    """This is the standard deviation: the mean over channels counts as well."""
    return x.std(dim=-1, correction=0).mean(dim=-1)


def length(x: Tensor) -> Tensor:
    """This is the length of a token: divide by √dim, or wider models have larger streams."""
    return x.norm(dim=-1).mean(dim=-1)


def over_all(x: Tensor) -> Tensor:
    """The root is taken last, so that a few large tokens count most: first each token's root."""
    return x.square().mean(dim=(1, 2)).sqrt()


def absolute(x: Tensor) -> Tensor:
    """This is the mean of |x|, which hardly feels single large channels."""
    return x.abs().mean(dim=(1, 2))


def without_root(x: Tensor) -> Tensor:
    """The root is missing: twice as large a stream should have twice the size."""
    return x.square().mean(dim=(1, 2))


def of_the_batch(x: Tensor) -> Tensor:
    """All pictures have one number: give each its own."""
    return stream_size(x).mean()


def inputs(generator: torch.Generator) -> tuple[Tensor]:
    """Tokens of different sizes with a mean of 1."""
    sizes = torch.rand(2, 5, 1, generator=generator)
    return (1 + 9 * sizes * torch.randn(2, 5, 8, generator=generator),)


def recorded(trained: Trained) -> tuple[Tensor]:
    """The text stream as it leaves the first block."""
    return (trained.seen["double.0.txt.resid_post"],)


EXERCISE = Exercise(
    solution=stream_size,
    other=by_lengths,
    mistakes=(spread, length, over_all, absolute, without_root, of_the_batch),
    hints=(
        "From the inside: square, mean over channels, root, mean over tokens.",
        "The last axis has the channels; after its mean the last axis has the tokens.",
        "x.square().mean(dim=-1).sqrt().mean(dim=-1)",
    ),
    returns="[batch]",
    inputs=inputs,
    recorded=recorded,
    gradients=("x",),
)
