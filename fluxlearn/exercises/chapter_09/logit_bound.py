"""How large can the score of a query and a key become, once both are normalised?

    score = ⟨q, k⟩ / √head_dim           q = query_scale · u,  k = key_scale · w

u and w have mean square 1, whatever the network computes; then q and k are turned, which keeps
their lengths. Find the bound that holds for all u, w and rotations.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def logit_bound(
    query_scale: Float[Tensor, " head_dim"], key_scale: Float[Tensor, " head_dim"]
) -> Float[Tensor, ""]:
    """A product is at most that of the lengths: √head_dim · max |query_scale| · max |key_scale|."""
    return len(query_scale) ** 0.5 * query_scale.abs().max() * key_scale.abs().max()


def by_lengths(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """The longest query and the longest key, all of it in one channel, in the same direction."""
    channels = len(query_scale)
    longest_q, longest_k = (channels**0.5 * s.abs().amax() for s in (query_scale, key_scale))
    return longest_q * longest_k / channels**0.5


def not_divided(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """The division by √head_dim is missing: the product of the lengths is not the score yet."""
    return len(query_scale) * query_scale.abs().max() * key_scale.abs().max()


def unit_vectors(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """Both are taken to have length 1 before the scales: mean square 1 is a length of √head_dim."""
    return query_scale.abs().max() * key_scale.abs().max() / len(query_scale) ** 0.5


def all_in_all(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """Both lengths are taken to be 1 and no root is left: √head_dim · √head_dim / √head_dim."""
    return query_scale.abs().max() * key_scale.abs().max()


def same_channel(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """Scales meet channel by channel: a rotation can bring two different channels together."""
    return len(query_scale) ** 0.5 * (query_scale * key_scale).abs().max()


def signs_kept(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """The largest scale is taken with its sign: −2 lets a query grow more than 1 does."""
    return len(query_scale) ** 0.5 * query_scale.max() * key_scale.max()


def even_channels(query_scale: Tensor, key_scale: Tensor) -> Tensor:
    """Mean scales are taken: u may have all its length in the channel with the largest one."""
    return len(query_scale) ** 0.5 * query_scale.abs().mean() * key_scale.abs().mean()


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Scales of both signs, the largest below zero."""
    query_scale, key_scale = torch.randn(2, 8, generator=generator)
    query_scale[0], key_scale[1] = -4.0, -5.0
    return query_scale, key_scale


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The picture's scales in the first block."""
    scale_of = "double_blocks.0.img_attn.norm.{}_norm.scale".format
    query, key = (trained.pipe.flux.get_parameter(scale_of(name)) for name in ("query", "key"))
    return query, key


EXERCISE = Exercise(
    solution=logit_bound,
    other=by_lengths,
    mistakes=(
        not_divided,
        unit_vectors,
        all_in_all,
        same_channel,
        signs_kept,
        even_channels,
    ),
    hints=(
        "A product of two vectors is at most the product of their lengths.",
        "u has length √head_dim. Where should that length sit for q to become as long as it can?",
        "√head_dim · max |query_scale| times √head_dim · max |key_scale|, divided by √head_dim.",
    ),
    returns="one number",
    inputs=inputs,
    recorded=recorded,
)
