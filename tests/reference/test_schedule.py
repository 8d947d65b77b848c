"""Ours against diffusers' FlowMatchEulerDiscreteScheduler."""

import numpy as np
import pytest
import torch
from twins import dev_scheduler, diffusers

from fluxlearn.sampling.schedule import make_schedule, shift_for
from fluxlearn.sampling.solvers import StepTaps, euler

pytestmark = pytest.mark.reference

calculate_shift = diffusers.pipelines.flux.pipeline_flux.calculate_shift

RUNS = [(1, 256), (4, 1024), (20, 64), (28, 4096), (30, 3600), (50, 4080), (50, 6400)]


def their_times(scheduler, steps, tokens):
    """As FluxPipeline sets the scheduler up."""
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=calculate_shift(tokens))
    return scheduler.sigmas


@pytest.mark.parametrize(("steps", "tokens"), RUNS)
def test_a_shifted_schedule_is_that_of_diffusers(steps, tokens):
    theirs = their_times(dev_scheduler(), steps, tokens)

    # float32 here, where diffusers shifts in numpy: half a unit in the last place.
    assert (make_schedule(steps, tokens) - theirs).abs().max() <= 1e-6


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_an_even_schedule_is_that_of_diffusers_for_schnell(steps):
    theirs = their_times(diffusers.FlowMatchEulerDiscreteScheduler(shift=1.0), steps, 1024)

    assert (make_schedule(steps, 1024, shifted=False) - theirs).abs().max() <= 1e-6


@pytest.mark.parametrize("tokens", [16, 256, 1024, 3600, 4096, 16384])
def test_the_shift_lies_on_the_line_of_diffusers(tokens):
    assert shift_for(tokens) == pytest.approx(calculate_shift(tokens), rel=1e-12)


def test_a_run_of_euler_steps_ends_where_diffusers_scheduler_ends():
    scheduler = dev_scheduler()
    times = their_times(scheduler, 5, 64).tolist()
    x = theirs = torch.randn(2, 64, 16)

    def velocity(x, time):
        return torch.sin(3 * x) + time

    for time in scheduler.timesteps:
        theirs = scheduler.step(velocity(theirs, time / 1000), time, theirs).prev_sample
    *_, last = euler(velocity, x, times, StepTaps())

    # Five float32 steps, whose times diffusers multiplies and divides by 1000.
    torch.testing.assert_close(last.x_next, theirs, atol=1e-5, rtol=0)
