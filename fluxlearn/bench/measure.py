"""Time and memory of one step, and what share of the device's arithmetic it uses."""

import warnings
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch

from fluxlearn.bench.contenders import Step

WARM_UPS = 2  # after the first call, in which a compiled model compiles


class Cost(NamedTuple):
    """What a step took."""

    seconds: float  # the median of the steps
    first: float  # seconds of the very first call: compiling, choosing kernels
    peak: int | None = None  # bytes that the device held at most; only CUDA tells
    waits: float | None = None  # times a step that the host waited for the device; only CUDA tells


def measure(step: Step, device: torch.device, steps: int) -> Cost:
    """Make a step some times over; on CUDA all are queued before the first is waited for."""
    with torch.no_grad():
        first = _on_the_host(step, device)
        for _ in range(WARM_UPS):
            _on_the_host(step, device)
        if device.type == "cuda":
            return _on_the_device(step, device, steps, first)
        return Cost(median(_on_the_host(step, device) for _ in range(steps)), first)


def product_rate(device: torch.device, dtype: torch.dtype, size: int | None = None) -> float:
    """FLOPs a second of one large matrix product on this device: what a model call is held against.

    size  rows and columns; large enough to fill the device unless said.
    """
    size = size or (8192 if device.type == "cuda" else 2048)
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / measure(lambda: a @ b, device, steps=9).seconds


def _on_the_host(step: Callable[[], object], device: torch.device) -> float:
    began = perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return perf_counter() - began


def _on_the_device(step: Step, device: torch.device, steps: int, first: float) -> Cost:
    torch.cuda.reset_peak_memory_stats(device)
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(steps + 1)]
    with warnings.catch_warnings(record=True) as waits:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        marks[0].record()
        for mark in marks[1:]:
            step()
            mark.record()
        torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize(device)
    waited = sum("synchroniz" in str(warning.message) for warning in waits)
    times = zip(marks, marks[1:], strict=False)
    return Cost(
        seconds=median(before.elapsed_time(after) / 1000 for before, after in times),
        first=first,
        peak=torch.cuda.max_memory_allocated(device),
        waits=waited / steps,
    )
