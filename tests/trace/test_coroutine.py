"""A coroutine: an ordinary call that waits in its midst, as if it had never left its thread."""

import gc
import signal
import subprocess
import sys
import threading
import traceback
import weakref
from contextlib import contextmanager

import pytest
import torch
from source import ROOT

from fluxlearn.trace.coroutine import END, Coroutine
from fluxlearn.trace.moment import Moment, current_moment, happening


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@contextmanager
def threads(count):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


def started(work):
    """A coroutine of work(coroutine) that has given its first value, and that value."""
    coroutine = Coroutine(lambda: work(coroutine))
    return coroutine, coroutine.ask()


def test_a_call_gives_its_values_one_by_one_and_then_ends():
    def count(coroutine):
        for number in range(3):
            coroutine.give(number)

    coroutine, first = started(count)

    assert [first, coroutine.ask(), coroutine.ask()] == [0, 1, 2]
    assert coroutine.ask() is END


def test_the_call_rests_while_nobody_asks():
    done = []
    coroutine, _ = started(lambda c: (c.give("first"), done.append("more"), c.give("second")))

    assert done == []
    assert coroutine.ask() == "second"
    assert done == ["more"]
    coroutine.close()


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        (torch.no_grad, torch.is_grad_enabled),
        (torch.enable_grad, torch.is_grad_enabled),
        (torch.inference_mode, torch.is_inference_mode_enabled),
        (lambda: torch.autocast("cpu", torch.float16), lambda: torch.get_autocast_dtype("cpu")),
        (lambda: torch.autocast("cpu"), lambda: torch.is_autocast_enabled("cpu")),
        (lambda: threads(3), torch.get_num_threads),
    ],
    ids=["no_grad", "enable_grad", "inference", "autocast dtype", "autocast", "threads"],
)
def test_the_call_runs_under_the_settings_of_the_thread_that_asked(setting, read):
    with setting():
        coroutine, inside = started(lambda c: c.give(read()))
        assert inside == read()

    assert coroutine.ask() is END


def test_an_exception_comes_out_with_the_place_where_it_arose():
    def stumble(coroutine):
        coroutine.give("so far so good")
        raise ZeroDivisionError("in the call")

    coroutine, _ = started(stumble)

    with pytest.raises(ZeroDivisionError, match="in the call") as caught:
        coroutine.ask()
    assert "stumble" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_closing_runs_what_the_call_has_to_finish():
    finished = []

    def careful(coroutine):
        try:
            coroutine.give("here")
        except Exception:
            finished.append("mistaken for an error")
        finally:
            finished.append("tidy")

    coroutine, _ = started(careful)
    coroutine.close()

    assert finished == ["tidy"]


def test_an_error_while_closing_is_not_swallowed():
    def careless(coroutine):
        try:
            coroutine.give("here")
        finally:
            raise ZeroDivisionError("while tidying up")

    coroutine, _ = started(careless)

    with pytest.raises(ZeroDivisionError, match="tidying"):
        coroutine.close()


def test_a_call_that_was_never_asked_never_runs():
    coroutine = Coroutine(lambda: pytest.fail("nobody asked"))

    coroutine.close()


def test_each_side_has_its_own_moment():
    inner, outer = Moment(5, 0.5), Moment(1, 0.9)

    def sample(coroutine):
        with happening(inner):
            coroutine.give(current_moment())
            coroutine.give(current_moment())
        coroutine.give(current_moment())

    coroutine, first = started(sample)
    assert (first, current_moment()) == (inner, None)
    with happening(outer):
        assert (coroutine.ask(), current_moment()) == (inner, outer)
    assert (coroutine.ask(), current_moment()) == (None, None)
    coroutine.close()


def test_closing_in_the_midst_of_a_moment_leaves_none_behind():
    def sample(coroutine):
        with happening(Moment(5, 0.5)):
            coroutine.give("inside")

    coroutine, _ = started(sample)
    coroutine.close()

    assert current_moment() is None


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals one thread: POSIX only")
def test_an_interrupt_ends_the_call_at_its_next_check():
    def long_work(coroutine):
        coroutine.give("started")
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while True:
            coroutine.check()

    coroutine, _ = started(long_work)

    with pytest.raises(KeyboardInterrupt):
        coroutine.ask()


def test_an_exception_and_its_frames_can_be_forgotten():
    class Heavy:
        pass

    def stumble(coroutine):
        heavy = Heavy()
        alive.append(weakref.ref(heavy))
        raise ZeroDivisionError

    alive = []
    gc.disable()
    try:
        with pytest.raises(ZeroDivisionError):
            Coroutine(lambda: stumble(None)).ask()
        assert alive[0]() is None
    finally:
        gc.enable()


def test_python_ends_with_a_call_still_waiting():
    code = (
        "from fluxlearn.trace.coroutine import Coroutine\n"
        "coroutine = Coroutine(lambda: coroutine.give(1))\n"
        "print(coroutine.ask())\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1\n", "")
