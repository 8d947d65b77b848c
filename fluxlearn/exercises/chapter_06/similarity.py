"""How alike are the embeddings of some times? Their cosine similarity, each with each.

    similarity(a, b) = ⟨emb(a), emb(b)⟩ / (|emb(a)| · |emb(b)|)

`fluxlearn.model.embeddings.timestep_embedding` makes the embeddings.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.embeddings import timestep_embedding


def similarity(t: Float[Tensor, " time"]) -> Float[Tensor, "time time"]:
    """Embeddings of length 1, multiplied each with each."""
    units = F.normalize(timestep_embedding(t), dim=-1)
    return units @ units.T


def by_clocks(t: Tensor) -> Tensor:
    """Only the difference of two times counts: the mean of cos(1000 (a − b) · freq)."""
    frequencies = 10_000 ** (-torch.arange(128) / 128)
    return (1000 * (t[:, None] - t)[..., None] * frequencies).cos().mean(dim=-1)


def not_normalised(t: Tensor) -> Tensor:
    """These are dot products: an embedding of 256 channels has the length √128, not 1."""
    embedding = timestep_embedding(t)
    return embedding @ embedding.T


def divided_once(t: Tensor) -> Tensor:
    """The product is divided by one length only: both vectors have one."""
    return not_normalised(t) / 128**0.5


def distance(t: Tensor) -> Tensor:
    """These are distances: 0 for equal times, where the similarity is 1."""
    embedding = timestep_embedding(t)
    return torch.cdist(embedding, embedding)


def of_the_numbers(t: Tensor) -> Tensor:
    """The times themselves are compared: their embeddings are asked for."""
    return 1 - (t[:, None] - t).abs()


def cosines_only(t: Tensor) -> Tensor:
    """Only the first half of the channels, the cosines, is compared: the sines belong to it."""
    units = F.normalize(timestep_embedding(t)[:, :128], dim=-1)
    return units @ units.T


def inputs(generator: torch.Generator) -> tuple[Tensor]:
    """Some times."""
    return (torch.rand(5, generator=generator),)


def recorded(trained: Trained) -> tuple[Tensor]:
    """The schedule of a painting."""
    return (torch.tensor(trained.run.times[:-1]),)


EXERCISE = Exercise(
    solution=similarity,
    other=by_clocks,
    mistakes=(not_normalised, divided_once, distance, of_the_numbers, cosines_only),
    hints=(
        "All dot products of the rows of a matrix with each other are one matrix product.",
        "Divide every embedding by its length first; then the product is the similarity.",
        "units = F.normalize(timestep_embedding(t), dim=-1); units @ units.T",
    ),
    returns="[time, time]",
    inputs=inputs,
    recorded=recorded,
    atol=1e-3,  # cosines of large angles
)
