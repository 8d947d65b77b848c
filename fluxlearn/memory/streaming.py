"""Streaming: a model that is larger than the memory, one block at a time.

    for each block:   weights ← file,   x ← block(x),   weights dropped

Between calls the blocks are on the meta device, where weights have shapes but no bytes; what is
outside of the blocks, 0.5 % of FLUX.1-dev, stays. Weights are mapped, not read: the processor takes
them from the system's own copy of the file. While a block computes, another thread fetches the
weights of the next, so a model call takes as long as the slower of the two, disk or processor, and
not as long as both.

                     weights in memory          read for a model call
    FLUX.1-dev       0.13 GB + 2 · 0.68 GB      23.8 GB from the disk, or what memory has not kept
    plain            23.8 GB                    nothing

The velocity is that of the plain model, bit for bit. Recorders and edits work as ever. The weights
are the file's: to change them, change the file or load the model as a whole. Only their headers are
checked beforehand; NaN in them shows when it is computed with.
"""

import mmap
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fluxlearn.checkpoints.bfl import check_fit
from fluxlearn.checkpoints.checkpoint import Weights, open_checkpoint
from fluxlearn.checkpoints.read import shapes_in_our_names
from fluxlearn.checkpoints.recognise import Recognised, first_blocks, recognise
from fluxlearn.checkpoints.renamed import renamed
from fluxlearn.config import FluxConfig
from fluxlearn.memory.around import Forward, blocks_of, replace_forward
from fluxlearn.model.flux import Flux

THREAD = ThreadPoolExecutor(1, "fluxlearn-stream")
"""What fetches a block's weights while the block before it computes."""


def streamed(
    path: str | Path,
    dtype: torch.dtype | None = None,
    device: str | torch.device = "cpu",
    blocks: tuple[int | None, int | None] = (None, None),
) -> Flux:
    """A flow model whose blocks are read when they are called; arguments as for `read_model`.

    Raises FileNotFoundError, or ValueError for a foreign, damaged or mismatched file, before any
    weight is read.
    """
    return stream(
        first_blocks(recognise(open_checkpoint(path), FluxConfig), *blocks), dtype, device
    )


def stream(
    found: Recognised, dtype: torch.dtype | None = None, device: str | torch.device = "cpu"
) -> Flux:
    """As `streamed`, for a checkpoint that is open and recognised.

    dtype  None keeps that of most weights in the file; in another one, weights are copied.
    """
    checkpoint = found.checkpoint
    with torch.device("meta"):
        flux = Flux(found.config)
    check_fit(flux, shapes_in_our_names(found), checkpoint.source)
    flux.eval().requires_grad_(False)

    cast = checkpoint.mapped().cast(dtype or checkpoint.usual_dtype())
    weights = renamed(cast, found)
    inside = ("double_blocks.", "single_blocks.")
    # These stay for the whole life of the model, so they are copied out of the file's pages.
    outside = {k: weights[k].to(device, copy=True) for k in weights if not k.startswith(inside)}
    flux.load_state_dict(outside, assign=True, strict=False)

    shelf = [OnDisk(block, name, weights, device) for name, block in _named_blocks(flux)]
    for here, following in zip(shelf, [*shelf[1:], None], strict=True):
        replace_forward(here.block, partial(_through_memory, here, following))
    return flux


def _named_blocks(flux: Flux) -> Iterator[tuple[str, nn.Module]]:
    names = {id(module): name for name, module in flux.named_modules()}
    return ((names[id(block)], block) for block in blocks_of(flux))


class OnDisk:
    """A block whose weights are in a file, but for the time of a call."""

    def __init__(self, block: nn.Module, name: str, weights: Weights, device: Any) -> None:
        """Take a block on the meta device, and the tensors by their full names."""
        self.block, self.device = block, device
        self.weights, self.empty = weights, dict(block.state_dict())
        self.names = {key: f"{name}.{key}" for key in self.empty}
        self.fetched: Future[dict[str, Tensor]] | None = None

    def fetch(self) -> dict[str, Tensor]:
        """The block's weights, every page of them in memory."""
        there = {key: self.weights[name].to(self.device) for key, name in self.names.items()}
        for tensor in there.values():  # a mapped page is fetched when a byte of it is looked at
            tensor.reshape(-1).view(torch.uint8)[:: mmap.PAGESIZE].sum()
        return there

    def fetch_ahead(self) -> None:
        """Let another thread fetch the weights."""
        self.fetched = THREAD.submit(self.fetch)

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """Let the block have its weights while what is inside runs."""
        fetched, self.fetched = self.fetched, None
        there = self.fetch() if fetched is None else fetched.result()
        self.block.load_state_dict(there, assign=True, strict=False)
        del there, fetched  # or they would outlive the call
        try:
            yield
        finally:
            self.block.load_state_dict(self.empty, assign=True, strict=False)


def _through_memory(
    here: OnDisk, following: OnDisk | None, block: nn.Module, forward: Forward
) -> Forward:
    return partial(_call, here, following, forward)


def _call(here: OnDisk, following: OnDisk | None, forward: Forward, *arguments: Tensor) -> Any:
    with here.in_memory():
        if following is not None:
            following.fetch_ahead()
        try:
            return forward(*arguments)
        except BaseException:  # whoever leaves the call here will not come to the next block
            if following is not None:
                following.fetched = None
            raise
