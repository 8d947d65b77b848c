"""Heads: let some gather nothing.

    z_h = 0        for the heads h of a block, at every token of both streams

What attention writes is a sum over heads, proj(z) = Σ_h W_h z_h, so zeros remove exactly what these
heads would have added.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.sampling.interventions.intervention import Intervention, as_counts, as_names
from fluxlearn.trace.edit import At


def ablate_heads(blocks: str | Iterable[str], heads: Iterable[int]) -> Intervention:
    """Set to zero what some heads of some blocks gather.

    blocks  names or globs: "double.0", "single.*".
    heads   their numbers, from 0.

    Raises IndexError in the first of the blocks that has no such head.
    """
    names = as_names("blocks", blocks)
    chosen = as_counts("heads", heads, "They count from 0.")

    def silence(
        z: Float[Tensor, "batch head seq head_dim"], at: At
    ) -> Float[Tensor, "batch head seq head_dim"]:
        if max(chosen) >= z.shape[1]:
            raise IndexError(
                f"heads are {list(chosen)}, but {at.point.removesuffix('.attn.z')} has "
                f"{z.shape[1]} heads, counted from 0."
            )
        return z.index_fill(1, torch.tensor(chosen, device=z.device), 0)

    return Intervention(
        builder="ablate_heads",
        arguments={"blocks": names, "heads": list(chosen)},
        edits={f"{name}.attn.z": silence for name in names},
    )
