"""Some columns of attention, or sums of columns, from one more call of the attention kernel.

    (1)  z = P·v            what attention computes; the kernel never holds P
    (2)  P·E                the same call with an indicator matrix E where the values stand

E has a column for each region, with 1 where a key belongs to it. So (P·E)ᵢᵣ = Σⱼ∈ᵣ Pᵢⱼ is the
share of its attention that query i gives to region r, and a region of one token is that token's
column of P. Regions that hold every key once add up to 1.

It costs one more attention in float32 for every head_dim columns: 128 words at a time in FLUX.1.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention

from fluxlearn.trace.attention.rows import as_wide, check_heads


def columns(
    q: Float[Tensor, "batch head query head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    tokens: Sequence[int],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch head query _"]:
    """P[:, tokens]: how much each query looks at some chosen keys.

    Raises IndexError for a token that is not there.
    """
    keys = k.shape[2]
    outside = [token for token in tokens if not 0 <= token < keys]
    if outside:
        raise IndexError(f"tokens {outside} are not among the {keys} keys, counted from 0.")
    chosen = torch.zeros(1, keys, len(tokens), device=k.device)
    chosen[0, list(tokens), range(len(tokens))] = 1
    return region_mass(q, k, chosen, mask)


def region_mass(
    q: Float[Tensor, "batch head query head_dim"],
    k: Float[Tensor, "batch head seq head_dim"],
    regions: Float[Tensor, "_ seq region"],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch head query region"]:
    """P·E: how much each query looks at groups of keys, equation (2).

    regions  E: 1 where a key belongs to a region; one matrix for all pictures or one for each.
    """
    check_heads(q, k)
    batch, heads, _, width = q.shape
    wide = None if mask is None else as_wide(mask, q, k)
    q, k, masses = q.float(), k.float(), []
    for part in regions.float().split(width, dim=-1):
        # Values of another width than the keys' would send torch to a kernel that holds all of P.
        filled = pad(part, (0, width - part.shape[-1]))[:, None].expand(batch, heads, -1, -1)
        z = scaled_dot_product_attention(q, k, filled, attn_mask=wide)
        masses.append(z[..., : part.shape[-1]])
    return torch.cat(masses, dim=-1)
