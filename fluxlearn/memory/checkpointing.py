"""Gradient checkpointing: a block's inner values are forgotten, and computed again for gradients.

                        kept for the backward pass           computed
    plain               every value inside every block       forward 1 ×, backward 1 ×
    checkpointing       every block's input                  forward 2 ×, backward 1 ×

The second run of a block sees the same inputs, weights and random numbers, so its values and the
gradients are the same bits. A third more is computed; kept is a twentieth to a fortieth, plus what
one block needs while it is run again.

Recorders hear the first run only. Edits take part in both, or gradients would belong to another
computation than the loss.

Source: arXiv:1604.06174; `torch.utils.checkpoint`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint

from fluxlearn.memory.around import Forward, around, blocks_of
from fluxlearn.model.calls import flux_of
from fluxlearn.trace.tap import Replay


@contextmanager
def checkpointing(model: Any) -> Iterator[None]:
    """Keep only the blocks' inputs of the forward passes inside; the backward pass may come later.

    model  a Pipeline or a Flux.

        with checkpointing(flux):
            loss = flow_loss(velocity, x0, t, generator)
        loss.backward()

    Raises TypeError for anything else.
    """
    with around(blocks_of(flux_of(model)), _run_twice):
        yield


def _run_twice(block: nn.Module, forward: Forward) -> Forward:
    return partial(checkpoint, forward, use_reentrant=False, context_fn=_contexts)


def _contexts() -> tuple[AbstractContextManager, AbstractContextManager]:
    return nullcontext(), Replay()
