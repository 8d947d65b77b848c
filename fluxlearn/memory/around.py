"""Put something around every call of a model's blocks, and take it away again.

    with around(blocks, wrap):
        flux(...)                    wrap(block, forward)(img, …) where block.forward(img, …) was

A block gets a `forward` of its own, which hides that of its class. So the plain model asks nothing,
pays nothing, and is exactly what it was when the `with` block is left.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from fluxlearn.model.flux import Flux

Forward = Callable[..., Any]


def blocks_of(flux: Flux) -> tuple[nn.Module, ...]:
    """All blocks of a model in order of execution."""
    return (*flux.double_blocks, *flux.single_blocks)


@contextmanager
def around(
    blocks: Iterable[nn.Module], wrap: Callable[[nn.Module, Forward], Forward]
) -> Iterator[None]:
    """Call blocks through what `wrap` makes of their forward passes, while the block runs.

    Several nest; the one that was entered last is called first.
    """
    with_before = [(block, vars(block).get("forward")) for block in blocks]
    for block, _ in with_before:
        replace_forward(block, wrap)
    try:
        yield
    finally:
        for block, before in with_before:
            del vars(block)["forward"]
            if before is not None:
                vars(block)["forward"] = before


def replace_forward(block: nn.Module, wrap: Callable[[nn.Module, Forward], Forward]) -> None:
    """Call a block through what `wrap` makes of its forward pass, for good."""
    vars(block)["forward"] = wrap(block, block.forward)
