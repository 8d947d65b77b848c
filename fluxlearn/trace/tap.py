"""The tap: one function call that makes a value inside a forward pass readable and editable.

    q = tap(self, "img.q", q)

It is an identity unless a handler is active. Handlers live in one immutable tuple; a context
manager pushes one and puts the old tuple back in `finally`, so there is nothing to remove, and an
exception leaves nothing behind. The outermost handler sees a value first: a recorder outside an
edit sees what the model computed, a recorder inside sees what the edit made of it.

Why a plain function over a module-level tuple: an idle tap costs some 60 ns where a hook module
costs 1.3 µs, adds no modules and no state-dict keys, and `torch.compile(fullgraph=True)` and
`torch.export` trace through it without leaving a node. Forward hooks that are added after
compilation silently see nothing, and a ContextVar cannot be compiled at all.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import torch

from fluxlearn.trace.moment import current_moment, exchange_moment

Handler = Callable[[Any, str, Any], Any]
"""handler(owner, point, value) -> value; owner is the module that tapped, point the full name."""

_HANDLERS: tuple[Handler, ...] = ()


def tap(owner: Any, name: str, value: Any) -> Any:
    """Show `value` to whoever listens and return it, or what they made of it.

    name  is relative to the owner; the point's full name is `owner.path` + "." + `name`.
    """
    return value if not _HANDLERS else _show(owner, name, value)


def _show(owner: Any, name: str, value: Any) -> Any:
    point = full_name(owner, name)
    for handler in _HANDLERS:
        value = handler(owner, point, value)
    return value


def full_name(owner: Any, name: str) -> str:
    """The name of a point as the tables and the user write it, for example `double.3.img.q`."""
    return f"{owner.path}.{name}" if owner.path else name


def watched() -> bool:
    """Whether any handler is active."""
    return bool(_HANDLERS)


@contextmanager
def handling(handler: Handler) -> Iterator[None]:
    """Make `handler` see every tap inside the `with` block; what was active before comes back.

    Compiled functions run uncompiled inside the block: a compiled forward is traced without taps,
    and compiling it again for each set of handlers would exhaust the recompile limit.
    """
    with _only((*_HANDLERS, handler)):
        yield


class Replay:
    """Makes the second run of a computation the same as the first: `with` it around that.

    Who changed values changes them again, at the same moment, even if its block was left meanwhile;
    who only looks has seen them already. A handler that changes values says so: `changes = True`.
    """

    def __init__(self) -> None:
        """Note who changes values now."""
        self._changing = tuple(h for h in _HANDLERS if getattr(h, "changes", False))
        self._moment = current_moment()

    def __enter__(self) -> None:
        self._running = ExitStack()
        self._running.callback(exchange_moment, exchange_moment(self._moment))
        self._running.enter_context(_only(self._changing))

    def __exit__(self, *error: object) -> None:
        self._running.close()


def unheard() -> AbstractContextManager[None]:
    """Let nobody see what is computed inside the `with` block."""
    return _only(())


@contextmanager
def _only(handlers: tuple[Handler, ...]) -> Iterator[None]:
    """Make these handlers, and no others, see every tap inside the `with` block."""
    global _HANDLERS
    before = _HANDLERS
    with torch.compiler.set_stance("force_eager"):
        _HANDLERS = handlers
        try:
            yield
        finally:
            _HANDLERS = before
