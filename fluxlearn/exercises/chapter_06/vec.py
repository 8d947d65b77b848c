"""Make the vector that modulates every block: when, how strongly, and roughly what.

    vec = time_in(emb(t)) + guidance_in(emb(g)) + vector_in(pooled)

time_in, guidance_in and vector_in are given as functions; emb is
`fluxlearn.model.embeddings.timestep_embedding`, for time and guidance alike.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.embeddings import timestep_embedding

Layer = Callable[[Tensor], Tensor]


def vec(
    t: Float[Tensor, " batch"],
    guidance: Float[Tensor, " batch"],
    pooled: Float[Tensor, "batch _"],
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Float[Tensor, "batch dim"]:
    """A sum of three vectors of the model's width."""
    when = time_in(timestep_embedding(t))
    how_strongly = guidance_in(timestep_embedding(guidance))
    return when + how_strongly + vector_in(pooled)


def by_stacking(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """Both numbers are embedded in one call."""
    when, strength = timestep_embedding(torch.cat([t, guidance])).chunk(2)
    return torch.stack([time_in(when), guidance_in(strength), vector_in(pooled)]).sum(dim=0)


def no_guidance(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """Guidance is missing: dev, unlike schnell, was distilled to take it as an input."""
    return time_in(timestep_embedding(t)) + vector_in(pooled)


def no_text(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """The pooled text is missing: it is the third of the three."""
    return time_in(timestep_embedding(t)) + guidance_in(timestep_embedding(guidance))


def exchanged(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """Time and guidance have changed places: each has an embedder of its own."""
    return vec(guidance, t, pooled, time_in, guidance_in, vector_in)


def guidance_as_factor(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """Guidance multiplies the text: here it is no factor but a number to be embedded, like time."""
    return time_in(timestep_embedding(t)) + guidance[:, None] * vector_in(pooled)


def thousand_twice(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """Guidance is multiplied by 1000 before it is embedded: the embedding does that itself."""
    return vec(t, 1000 * guidance, pooled, time_in, guidance_in, vector_in)


def averaged(
    t: Tensor,
    guidance: Tensor,
    pooled: Tensor,
    time_in: Layer,
    guidance_in: Layer,
    vector_in: Layer,
) -> Tensor:
    """This is the mean of the three: vec is their sum."""
    return vec(t, guidance, pooled, time_in, guidance_in, vector_in) / 3


def inputs(generator: torch.Generator) -> tuple[Tensor | Layer, ...]:
    """Three random matrices stand for the embedders."""
    numbers = torch.rand(2, generator=generator), 4 * torch.rand(2, generator=generator)
    pooled = torch.randn(2, 6, generator=generator)
    weights = [torch.randn(wide, 8, generator=generator) / 16 for wide in (256, 256, 6)]
    return *numbers, pooled, *(_layer(weight) for weight in weights)


def _layer(weight: Tensor) -> Layer:
    return lambda x: x @ weight


def recorded(trained: Trained) -> tuple[Tensor | Layer, ...]:
    """The model's own inputs and embedders."""
    seen, flux = trained.seen, trained.pipe.flux
    numbers = seen["in.t"], seen["in.guidance"], seen["in.clip"]
    return *numbers, flux.time_in, flux.guidance_in, flux.vector_in


EXERCISE = Exercise(
    solution=vec,
    other=by_stacking,
    mistakes=(no_guidance, no_text, exchanged, guidance_as_factor, thousand_twice, averaged),
    hints=(
        "Two numbers must become waves before a layer can read them; the text is a vector already.",
        "timestep_embedding(guidance) is the same function with the scale as it is: 3.5, not 3500.",
        "time_in(timestep_embedding(t)) is the first of three terms; the second looks like it.",
    ),
    returns="[batch, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("pooled",),
    atol=1e-3,  # cosines of large angles
)
