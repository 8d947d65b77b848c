"""bf16 autocast: weights are kept in float32, and products of matrices are computed in bf16.

    y = bf16(x) · bf16(W)ᵀ + bf16(b)         ∂loss/∂W arrives in float32, and so does W's change

bf16 has the range of float32 and 8 of its 24 digits. That is enough for a forward pass, but not for
a sum of many small changes: w + 10⁻³ w is w. So training keeps the sum in float32.

The velocity comes out in bf16, bit for bit that of the same model with its weights in bf16; take it
to float32 before a loss is computed, as `flow_loss` does.

Source: arXiv:1710.03740; `torch.autocast`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fluxlearn.model.calls import flux_of


@contextmanager
def autocasting(model: Any) -> Iterator[None]:
    """Compute the forward passes inside in bf16; leave the block before the backward pass.

    model  a Pipeline or a Flux in float32.

    Raises TypeError for anything else, ValueError for weights that are not in float32.
    """
    weight = flux_of(model).img_in.weight
    if weight.dtype != torch.float32:
        raise ValueError(
            f"the weights are in {weight.dtype}, but autocast keeps them in torch.float32. Load "
            f"the model with dtype=torch.float32; one in bf16 computes in bf16 anyway."
        )
    with torch.autocast(weight.device.type, dtype=torch.bfloat16):
        yield
