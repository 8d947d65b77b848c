"""Cut what one linear layer gave into queries, keys and values, and each of these into heads.

    [batch, seq, 3 · head · head_dim]  →  [3, batch, head, seq, head_dim]

Along the last axis the thirds come first, then the heads, then the channels of a head. Checked with
toy-dev's weights, yours makes the picture's queries, keys and values in the model's first block.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def split_heads(
    qkv: Float[Tensor, "batch seq _"], num_heads: int
) -> Float[Tensor, "qkv batch head seq head_dim"]:
    """What `fluxlearn.model.attention.split_heads` computes."""
    pattern = "batch seq (qkv head head_dim) -> qkv batch head seq head_dim"
    return rearrange(qkv, pattern, qkv=3, head=num_heads)


def by_chunks(qkv: Tensor, num_heads: int) -> Tensor:
    """Three chunks, each with an axis for the heads, which then changes places with the tokens."""
    parts = [x.unflatten(-1, (num_heads, -1)).transpose(1, 2) for x in qkv.chunk(3, dim=-1)]
    return torch.stack(parts)


def heads_outermost(qkv: Tensor, num_heads: int) -> Tensor:
    """Each head has its query, key and value side by side: the thirds are outermost."""
    pattern = "batch seq (head qkv head_dim) -> qkv batch head seq head_dim"
    return rearrange(qkv, pattern, qkv=3, head=num_heads)


def thirds_innermost(qkv: Tensor, num_heads: int) -> Tensor:
    """Every third channel goes to the queries: they are the first third in one piece."""
    pattern = "batch seq (head head_dim qkv) -> qkv batch head seq head_dim"
    return rearrange(qkv, pattern, qkv=3, head=num_heads)


def channels_outermost(qkv: Tensor, num_heads: int) -> Tensor:
    """A head's channels are scattered, one of every few: they are neighbours."""
    pattern = "batch seq (qkv head_dim head) -> qkv batch head seq head_dim"
    return rearrange(qkv, pattern, qkv=3, head=num_heads)


def values_first(qkv: Tensor, num_heads: int) -> Tensor:
    """The order is values, keys, queries: queries come first."""
    return split_heads(qkv, num_heads).flip(0)


def not_transposed(qkv: Tensor, num_heads: int) -> Tensor:
    """Tokens stand before heads: attention multiplies tokens with tokens, so they come after."""
    return split_heads(qkv, num_heads).transpose(2, 3)


def reshaped(qkv: Tensor, num_heads: int) -> Tensor:
    """The shape is right, but tokens and heads are mixed: transpose them, a reshape does not."""
    parts = torch.stack(qkv.chunk(3, dim=-1))
    return parts.reshape(3, len(qkv), num_heads, qkv.shape[1], -1)


def inputs(generator: torch.Generator) -> tuple[Tensor, int]:
    """Five tokens, and three heads of four channels."""
    return torch.randn(2, 5, 3 * 3 * 4, generator=generator), 3


def recorded(trained: Trained) -> tuple[Tensor, int]:
    """What the first block's linear layer makes of the picture's tokens."""
    flux = trained.pipe.flux
    qkv = flux.get_submodule("double_blocks.0.img_attn.qkv")
    return qkv(trained.seen["double.0.img.attn_in"]), flux.config.num_heads


EXERCISE = Exercise(
    solution=split_heads,
    other=by_chunks,
    mistakes=(
        heads_outermost,
        thirds_innermost,
        channels_outermost,
        values_first,
        not_transposed,
        reshaped,
    ),
    hints=(
        "First into five axes, in the order in which the last axis is laid out; then permute.",
        "einops names the parts: (qkv head head_dim) on the left takes the last axis apart.",
        'rearrange(qkv, "batch seq (qkv head head_dim) -> qkv batch head seq head_dim", qkv=3, '
        "head=num_heads)",
    ),
    returns="[3, batch, head, seq, head_dim]: q, k and v",
    inputs=inputs,
    recorded=recorded,
    gradients=("qkv",),
)
