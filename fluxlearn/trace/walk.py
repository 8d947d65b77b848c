"""Walk: a forward pass as in a debugger, one stage at a time.

    for stage in walk_call(flux, **inputs):
        stage.show()

The pass stands still while the loop's body runs. It has no handler of its own then: whatever the
body does, even another pass of the same model, is not part of the walk. Handlers that were active
outside the loop see every value first, as always.

Leaving the loop, by `break` or an exception, ends the pass where it stands. A walk that is kept,
as in `steps = walk_call(…)`, stands still until it is asked for the next stage, closed with
`steps.close()`, or forgotten.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import nullcontext
from typing import Any

from torch import Tensor, nn

from fluxlearn.trace.coroutine import END, Coroutine
from fluxlearn.trace.find import NeverFiredError, find, owners_of, points_of
from fluxlearn.trace.moment import current_moment
from fluxlearn.trace.sizes import learn_sizes
from fluxlearn.trace.source import tapping_statement
from fluxlearn.trace.stage import Stage
from fluxlearn.trace.tap import handling


def walk_call(
    call: Any, *arguments: Any, break_at: str | Iterable[str] = "*", **keywords: Any
) -> Generator[Stage, None, None]:
    """Walk through one call of a module of ours, or of a method: `walk_call(ae.decode, latents)`.

    break_at   names or globs of the points to stop at.
    arguments  and keywords are the call's own.

    Raises TypeError or UnknownPointError before anything runs, NeverFiredError at the end of the
    pass if a name or glob stopped nowhere.
    """
    model = getattr(call, "__self__", call)
    walker = Walker(model, break_at)
    if isinstance(call, nn.Module) and type(call).forward is nn.Module.forward:
        raise TypeError(
            f"{type(call).__name__} has no forward to walk through. Pass one of its methods, as "
            f"in walk(autoencoder.decode, latents)."
        )
    return walker.stages(lambda: call(*arguments, **keywords))


class Walker:
    """The handler behind a walk: makes a stage of a value and waits there.

    step  of a sampler; what its other steps make is passed by. None stops at all of them.
    """

    def __init__(self, model: Any, break_at: str | Iterable[str], step: int | None = None) -> None:
        """Find the points to stop at.

        Raises TypeError for what has no points, UnknownPointError for a misspelt name.
        """
        table = points_of(model)
        self.found = find(break_at, table)
        self.table = {point.name: point for point in table}
        self.unvisited = {point.name for group in self.found.values() for point in group}
        self.wanted = frozenset(self.unvisited)
        self.owners, self.step = owners_of(model), step
        self.sizes: dict[str, int] = {}
        self.is_watching = True

    def stages(self, call: Callable[[], Any]) -> Generator[Stage, None, None]:
        """Run a call, giving each stage as it comes."""
        self.coroutine = Coroutine(call)
        try:
            # The handler is there only while the pass runs, so an unfinished walk leaves none.
            while (stage := self._next_stage()) is not END:
                if stage is None:  # the pass has only said whether to watch it from here on
                    continue
                try:
                    yield stage
                finally:
                    stage.is_passed = True
        finally:
            self.coroutine.close()
        self._check_all_fired()

    def watch(self, wanted: bool) -> None:
        """From inside the call: stop at its taps from here on, or let it run at full speed."""
        self.coroutine.check()
        if wanted != self.is_watching:
            self.is_watching = wanted
            self.coroutine.give(None)

    def _next_stage(self) -> Any:
        with handling(self) if self.is_watching else nullcontext():
            return self.coroutine.ask()

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        """Stop at a tap if it is one of those asked for."""
        if not self.coroutine.runs_here():
            return value
        self.coroutine.check()
        if id(owner) not in self.owners or name not in self.table:
            return value
        if isinstance(value, Tensor):
            learn_sizes(self.sizes, self.table[name], value)
        if name not in self.wanted or not self._is_now():
            return value
        self.unvisited.discard(name)
        stage = Stage(self.table[name], value, tapping_statement(), self.sizes)
        self.coroutine.give(stage)
        return stage.value

    def _is_now(self) -> bool:
        now = current_moment()
        return self.step is None or now is None or now.step == self.step

    def _check_all_fired(self) -> None:
        for pattern, points in self.found.items():
            if all(point.name in self.unvisited for point in points):
                raise NeverFiredError(
                    f"the walk came to its end and never to {pattern!r}. This pass does not lead "
                    f"there: does it belong to another call, or to a block that was bypassed?"
                )
