"""A dry run: what a computation would hold in memory, found out without any.

On the meta device tensors have shapes but no values, and operations only work out shapes. So a
model of any size runs in a moment, and every tensor can be noted when it comes and when it goes:

    held(k)  = Σ bytes of the tensors that are alive after the k-th operation
    peak     = max over k of held(k)

The tensors live as long as they would in earnest, since it is the same program: a residual until
the block has returned, what the backward pass needs until it has passed. Not counted is what a
kernel takes for itself while it runs.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fluxlearn.memory.around import Forward
from fluxlearn.trace.tap import unheard


class Tally(TorchDispatchMode):
    """Counts the bytes of tensors that are made while it is active, and of those still there."""

    def __init__(self, known: Iterable[Tensor]) -> None:
        """Take tensors that were there before, such as weights, and are not counted."""
        super().__init__()
        self.held = self.peak = 0
        self._known = {tensor.untyped_storage()._cdata for tensor in known}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation, and note the memory behind its results."""
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, Tensor):
                self._note(value.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata in self._known:  # the result is a view, or was written in place
            return
        self._known.add(storage._cdata)
        self.held += storage.nbytes()
        self.peak = max(self.peak, self.held)
        weakref.finalize(storage, self._forget, storage._cdata, storage.nbytes())

    def _forget(self, address: int, count: int) -> None:
        self._known.discard(address)
        self.held -= count


class FlashAttention(TorchFunctionMode):
    """Lets attention run on the meta device as it runs elsewhere: without its L × L matrix."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Exchange one function for the kernel that it calls on a CPU."""
        if func is nn.functional.scaled_dot_product_attention:
            q, k, v = args
            return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)[0]
        return func(*args, **(kwargs or {}))


def with_flash_attention(block: nn.Module, forward: Forward) -> Forward:
    """A block's forward pass that brings `FlashAttention` along.

    While gradients are computed that of the outside is off, but checkpointing runs blocks again.
    """

    def run(*arguments: Tensor) -> Any:
        with FlashAttention():
            return forward(*arguments)

    return run


def peak_bytes(run: Callable[[], object], known: Iterable[Tensor]) -> int:
    """The most that a computation on the meta device would hold, its result included.

    known  tensors that it begins with, which are not counted.
    """
    with unheard(), FlashAttention(), Tally(known) as tally:
        result = run()
        del result
    return tally.peak
