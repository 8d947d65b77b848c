"""Listen to a Flux, one model call after another.

A call begins at `in.img` and ends at `out.velocity`. Whoever listens is told every point in
between, of the calls that are asked for and of no other model.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fluxlearn.model.flux import Flux
from fluxlearn.trace.attention.seen import Keep
from fluxlearn.trace.find import NeverFiredError, owners_of
from fluxlearn.trace.tap import handling

CHEAPER = "Name fewer steps, or paint a smaller picture."
"""The cure where what is kept of each call would be too much."""


@contextmanager
def listening(flux: Flux, hear: Callable[[str, Any], None], keep: Keep) -> Iterator[None]:
    """Tell `hear` the name and value of every point while the block runs.

    keep  which steps and which branch.

    Raises NeverFiredError on leaving if no call came to its end.
    """
    owners, calls = owners_of(flux), 0

    def listen(owner: Any, name: str, value: Any) -> Any:
        nonlocal calls
        if id(owner) in owners and keep.is_now():
            with torch.no_grad():
                hear(name, value)
            calls += name == "out.velocity"
        return value

    with handling(listen):
        yield
    if not calls:
        when = "" if keep.steps is None else f" at steps {list(keep.steps)}"
        raise NeverFiredError(
            f"no model call was seen{when} on the branch {keep.branch!r}. Did the model run inside "
            f"the with block?"
        )


def flux_of(model: Any) -> Flux:
    """The transformer of a pipeline, or the transformer itself.

    Raises TypeError for anything else.
    """
    flux = getattr(model, "flux", model)
    if not isinstance(flux, Flux):
        raise TypeError(
            f"{type(model).__name__} has no residual stream with a last layer. Pass a pipeline or "
            f"a Flux."
        )
    return flux
