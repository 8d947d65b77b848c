"""The score of a query at position p with a key at position p′, from their offset p′ − p alone.

    ⟨R(p) q, R(p′) k⟩ = ⟨q, R(p′ − p) k⟩

q and k are [batch, head_dim], and all channels belong to one axis. `fluxlearn.model.rope` has
`rope` and `rotate`.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.rope import rope, rotate


def relative_score(
    q: Float[Tensor, "batch head_dim"],
    k: Float[Tensor, "batch head_dim"],
    offset: int,
    theta: int,
) -> Float[Tensor, " batch"]:
    """The query stands at position 0, so only the key is turned."""
    rotations = rope(torch.tensor([[float(offset)]]), k.shape[-1], theta)
    turned = rotate(k[:, None, None], rotations[:, None])
    return (q * turned[:, 0, 0]).sum(dim=-1)


def by_complex_numbers(q: Tensor, k: Tensor, offset: int, theta: int) -> Tensor:
    """The real part of q* · k · e^(i · offset · ω), summed over the planes."""
    planes = [torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous()) for x in (q, k)]
    omegas = theta ** (-torch.arange(0, q.shape[-1], 2) / q.shape[-1])
    return (planes[0].conj() * planes[1] * torch.exp(1j * offset * omegas)).real.sum(dim=-1)


def query_turned(q: Tensor, k: Tensor, offset: int, theta: int) -> Tensor:
    """The query is turned by p′ − p: turn the key by it, or the query by p − p′."""
    return relative_score(q, k, -offset, theta)


def not_turned(q: Tensor, k: Tensor, offset: int, theta: int) -> Tensor:
    """The offset does nothing: neither is turned, or both by the same angle."""
    return relative_score(q, k, 0, theta)


def kernel_as_factor(q: Tensor, k: Tensor, offset: int, theta: int) -> Tensor:
    """The product is multiplied by the mean cosine: each plane has its own cosine, and a sine."""
    omegas = theta ** (-torch.arange(0, q.shape[-1], 2) / q.shape[-1])
    return (q * k).sum(dim=-1) * torch.cos(offset * omegas).mean()


def sines_dropped(q: Tensor, k: Tensor, offset: int, theta: int) -> Tensor:
    """Only the cosines are used: left and right of the query would score alike."""
    return (relative_score(q, k, offset, theta) + relative_score(q, k, -offset, theta)) / 2


def scaled(q: Tensor, k: Tensor, offset: int, theta: int) -> Tensor:
    """The score is divided by √head_dim: attention does that later, for all scores."""
    return relative_score(q, k, offset, theta) / q.shape[-1] ** 0.5


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, int, int]:
    """Random queries and keys, the key to the left."""
    q, k = torch.randn(2, 4, 16, generator=generator)
    return q, k, -int(torch.randint(1, 9, (), generator=generator)), 10_000


def recorded(trained: Trained) -> tuple[Tensor, Tensor, int, int]:
    """One head's queries and keys, three positions apart."""
    q, k = (trained.seen[f"double.0.img.{name}"][0, 0] for name in ("q", "k"))
    return q, k, 3, trained.pipe.flux.config.theta


EXERCISE = Exercise(
    solution=relative_score,
    other=by_complex_numbers,
    mistakes=(query_turned, not_turned, kernel_as_factor, sines_dropped, scaled),
    hints=(
        "If only the difference counts, you may choose where the query stands.",
        "Put the query at position 0, where rotation does nothing, and the key at the offset.",
        "rope(torch.tensor([[float(offset)]]), head_dim, theta) turns the key; then multiply with "
        "q and sum over the channels.",
    ),
    returns="[batch]",
    inputs=inputs,
    recorded=recorded,
    gradients=("q", "k"),
    atol=1e-4,  # sums of products of size 10
)
