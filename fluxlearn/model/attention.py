"""Joint attention: text and image tokens in one sequence, one softmax over both.

    (1)  q, k, v = heads(qkv(x))                    each stream has its own weights
    (2)  q, k    = norm(q), norm(k)                 RMS over a head's channels: bounded logits
    (3)  z       = softmax(R q (R k)ᵀ / √d) v       over the joint sequence, text first

There is no mask, not even for padding, and no cross-attention layer anywhere.

Source: BFL flux/modules/layers.py `SelfAttention`, `QKNorm`, `RMSNorm`; flux/math.py `attention`.
"""

from typing import Any, NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.model.rope import rotate
from fluxlearn.trace.tap import tap


class Heads(NamedTuple):
    """Queries, keys and values of one sequence, split into heads."""

    q: Float[Tensor, "batch head seq head_dim"]
    k: Float[Tensor, "batch head seq head_dim"]
    v: Float[Tensor, "batch head seq head_dim"]


class RMSNorm(nn.Module):
    """Divide a vector by its root mean square, then scale each channel.

        scale · x / √(mean(x²) + 10⁻⁶)

    The division is in float32, cast back *before* the learned scale, as BFL does. (diffusers scales
    first: in bf16 a quarter of the values differ by one unit in the last place.)

    Source: BFL flux/modules/layers.py `RMSNorm`.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x: Float[Tensor, "*batch head_dim"]) -> Float[Tensor, "*batch head_dim"]:
        wide = x.float()
        size = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + 1e-6)
        return (wide * size).to(x.dtype) * self.scale


class QKNorm(nn.Module):
    """One RMSNorm for queries and one for keys, each shared by all heads.

    Source: BFL flux/modules/layers.py `QKNorm`.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query_norm = RMSNorm(dim)
        self.key_norm = RMSNorm(dim)

    def forward(self, owner: Any, raw: Heads) -> Heads:
        """Normalise queries and keys; `owner` is the module whose points these are."""
        q_raw, k_raw, v = tap(owner, "q_raw", raw.q), tap(owner, "k_raw", raw.k), raw.v
        q = tap(owner, "q", self.query_norm(q_raw))
        k = tap(owner, "k", self.key_norm(k_raw))
        return Heads(q.to(v.dtype), k.to(v.dtype), tap(owner, "v", v))


class SelfAttention(nn.Module):
    """One stream's share of joint attention: its way in (qkv, norm) and its way out (proj).

    The attention between them is over both streams and belongs to the block.

    Source: BFL flux/modules/layers.py `SelfAttention`.
    """

    path = ""

    def __init__(self, dim: int, num_heads: int, qkv_bias: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.norm = QKNorm(dim // num_heads)
        self.proj = nn.Linear(dim, dim)

    def heads(self, x: Float[Tensor, "batch _ dim"]) -> Heads:
        """Queries, keys and values, split into heads, q and k normalised."""
        return self.norm(self, split_heads(self.qkv(x), self.num_heads))


def split_heads(qkv: Float[Tensor, "batch seq _"], num_heads: int) -> Heads:
    """Cut fused queries, keys and values apart: thirds first, then heads, then channels."""
    pattern = "batch seq (qkv head head_dim) -> qkv batch head seq head_dim"
    return Heads(*rearrange(qkv, pattern, qkv=3, head=num_heads))


def joint_attention(
    owner: Any,
    heads: Heads,
    rotations: Float[Tensor, "_ 1 seq pair 2 2"],
) -> Float[Tensor, "batch seq dim"]:
    """Rotate queries and keys, attend, and put the heads side by side again.

        softmax(R q (R k)ᵀ / √head_dim + mask) v

    owner  the block whose points `attn.q`, `attn.k`, `attn.v`, `attn.mask`, `attn.z` are.

    The mask is None unless an edit of `attn.mask` supplies one, to be added to the scores.
    Source: BFL flux/math.py `attention`.
    """
    q = tap(owner, "attn.q", rotate(heads.q, rotations))
    k = tap(owner, "attn.k", rotate(heads.k, rotations))
    v = tap(owner, "attn.v", heads.v)
    mask = tap(owner, "attn.mask", None)
    z = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    z = tap(owner, "attn.z", z)
    return rearrange(z, "batch head seq head_dim -> batch seq (head head_dim)")
