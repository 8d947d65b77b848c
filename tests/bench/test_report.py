"""Measuring, and the page that is kept."""

import pytest
import torch
from tiny_models import FLUX
from typer.testing import CliRunner

from fluxlearn.bench.measure import Cost, measure, product_rate
from fluxlearn.bench.report import Conditions, Result, page, rows_of, run
from fluxlearn.bench.subject import Size
from fluxlearn.cli.app import app
from fluxlearn.sampling.canvas import Canvas

CPU = torch.device("cpu")
SIZE = Size(config=FLUX, canvas=Canvas(batch=1, height=32, width=32), txt=4)
SHARED = Conditions(SIZE, CPU, torch.float32, flops=2 * 10**12, product=10**13)


def test_a_row_holds_time_ratio_memory_and_rates():
    theirs = Result("diffusers", Cost(0.5, 3.0, peak=3 * 2**30, waits=2.0))
    ours = Result("ours", Cost(0.4, 12.5, peak=2**30, waits=0.0))

    first, second = rows_of(SHARED, [theirs, ours])

    assert first == ("diffusers", "500 ms", "1.000", "3.0 GiB", "4", "40%", "3.00 s", "2")
    assert second == ("ours", "400 ms", "0.800", "1.0 GiB", "5", "50%", "12.50 s", "0")


def test_what_the_cpu_cannot_tell_is_left_empty():
    ((_, _, against, memory, *_, waits),) = rows_of(SHARED, [Result("ours", Cost(0.4, 0.5))])

    assert against == memory == waits == ""


def test_the_page_names_the_model_the_picture_and_the_device():
    told = page(SHARED, [Result("ours", Cost(0.4, 0.5))])

    assert "2 double and 2 single blocks" in told
    assert "32 × 32 pixels, 4 text tokens, float32" in told
    assert "CPU with" in told and "2 TFLOP" in told and "10 TFLOP/s" in told


def test_a_step_is_made_as_often_as_asked_and_warmed_up():
    calls = []

    cost = measure(lambda: calls.append(1), CPU, steps=5)

    assert len(calls) == 1 + 2 + 5
    assert 0 <= cost.seconds <= cost.first + 1
    assert cost.peak is None


def test_a_product_has_a_rate():
    assert product_rate(CPU, torch.float32, size=64) > 1e6


def test_an_unknown_contender_is_refused_before_any_work():
    with pytest.raises(ValueError, match="'theirs' is no contender.*ours; diffusers"):
        run(SHARED, ["ours", "theirs"], steps=1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_cuda_the_command_says_how_to_try_it():
    done = CliRunner().invoke(app, ["bench", "cuda"])

    assert done.exit_code == 2
    assert "no CUDA device here. Try --device cpu" in done.output
