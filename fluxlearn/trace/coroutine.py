"""A call that stops in its midst, hands something out, and goes on when it is asked to.

    call = Coroutine(lambda: flux(**inputs))       inside, at any depth: call.give(value)
    while (value := call.ask()) is not END: …

Python can suspend a generator, but not an ordinary call with all the frames below it. A thread can
wait anywhere, so the call has a thread of its own, and the two sides take turns: `ask` waits while
the call runs, `give` waits while the asking side runs. Nothing is ever computed at the same time,
and nothing has to be locked.

What belongs to a thread is handed on to the new one: gradients on or off, inference mode, autocast,
the number of OpenMP threads, context variables. What belongs to the process, the sampler's moment,
changes hands at every turn.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread, current_thread
from typing import Any

import torch

from fluxlearn.trace.moment import Moment, current_moment, exchange_moment

END = object()
"""What `ask` returns when the call has come to its end."""

THREAD = "fluxlearn coroutine"
"""The name of every thread that is started here."""

AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


class _Left(BaseException):
    """Unwinds the call; a BaseException, so that no `except Exception` catches it."""


class Coroutine:
    """A call in a thread of its own, which runs only while somebody waits in `ask` or `close`."""

    def __init__(self, call: Callable[[], Any]) -> None:
        """Remember what to call; nothing runs before the first `ask`."""
        self._call = call
        self._asked: SimpleQueue[None] = SimpleQueue()
        self._given: SimpleQueue[Any] = SimpleQueue()
        self._thread: Thread | None = None
        self._moment: Moment | None = None
        self._is_left = False
        self._error: BaseException | None = None

    def ask(self) -> Any:
        """Let the call run on to what it gives next; END when it has returned.

        Raises what the call raises, with the traceback from where it did.
        """
        if self._thread is None:
            self._start()
        with self._turn():
            self._asked.put(None)
            try:
                given = self._given.get()
            except BaseException:  # Ctrl-C: it is this side that gets it, while the call runs
                self._leave()
                raise
        if given is END:
            self._finish()
        return given

    def close(self) -> None:
        """End the call where it stands: its `finally` blocks run, and its thread is gone."""
        # When Python itself ends, waiting threads are frozen already and cannot be waited for.
        if self._thread is not None and self._thread.is_alive() and not sys.is_finalizing():
            with self._turn():
                self._leave()
            self._finish()

    def give(self, value: Any) -> None:
        """From inside the call: hand a value out, and wait until the next one is asked for."""
        self._given.put(value)
        self._asked.get()
        self.check()

    def check(self) -> None:
        """From inside the call: leave it here if nobody will ask again."""
        if self._is_left:
            raise _Left

    def runs_here(self) -> bool:
        """Whether this line belongs to the call, and not to another thread."""
        return current_thread() is self._thread

    def _start(self) -> None:
        settings, self._moment = _Settings(), current_moment()
        # A daemon, because Python waits for all other threads before it ends.
        target, arguments = copy_context().run, (self._run, settings)
        self._thread = Thread(target=target, args=arguments, name=THREAD, daemon=True)
        self._thread.start()

    def _run(self, settings: "_Settings") -> None:
        try:
            self._asked.get()
            self.check()
            with settings.in_force():
                self._call()
        except _Left:
            pass
        except BaseException as error:  # whatever it is, the other side is to have it
            self._error = error
        self._given.put(END)

    def _leave(self) -> None:
        self._is_left = True
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join()

    def _finish(self) -> None:
        if self._thread is not None:
            self._thread.join()
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # its traceback holds this frame: the two would keep all tensors alive

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The moment is the call's while it runs; afterwards it is what it was here."""
        before = exchange_moment(self._moment)
        try:
            yield
        finally:
            self._moment = exchange_moment(before)


class _Settings:
    """What PyTorch keeps for each thread, as it is in this one."""

    def __init__(self) -> None:
        self.grad = torch.is_grad_enabled()
        self.inference = torch.is_inference_mode_enabled()
        self.threads = torch.get_num_threads()
        enabled = [d for d in AUTOCAST_DEVICES if torch.is_autocast_enabled(d)]
        self.autocast = {device: torch.get_autocast_dtype(device) for device in enabled}

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """The same settings in the thread that runs this."""
        # OpenMP keeps this number for each thread, and the last bits of a sum depend on it.
        torch.set_num_threads(self.threads)
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(self.inference))
            stack.enter_context(torch.set_grad_enabled(self.grad))
            for device, dtype in self.autocast.items():
                stack.enter_context(torch.autocast(device, dtype))
            yield
