"""The velocity lens: what the model would answer if it stopped after a block."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from model_calls import one_call
from tiny_models import (
    FLUX,
    SCHNELL,
    tiny_conditioning,
    tiny_flux,
    tiny_inputs,
    tiny_pipeline,
)

from fluxlearn.model.lens import lens
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record
from fluxlearn.trace.sizes import TooLargeError
from fluxlearn.trace.tap import watched

BLOCKS = ["double.0", "double.1", "single.0", "single.1"]
CONFIGS = {
    "dev": FLUX,
    "schnell": SCHNELL,
    "double blocks only": replace(FLUX, depth_single_blocks=0),
    "single blocks only": replace(FLUX, depth=0),
}
lensed = partial(one_call, lens)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_last_entry_is_the_velocity_bit_for_bit(config):
    call, velocity = lensed(tiny_flux(config), tiny_inputs(config))

    assert torch.equal(call.velocity[-1], velocity)


def test_the_last_entry_is_the_velocity_in_low_precision_as_well():
    inputs = {name: value.bfloat16() for name, value in tiny_inputs().items()}

    call, velocity = lensed(tiny_flux().bfloat16(), inputs)

    assert call.velocity.dtype == torch.float32
    assert torch.equal(call.velocity[-1], velocity.float())


@pytest.mark.parametrize("depth", range(5))
def test_an_entry_is_what_the_model_says_when_all_later_blocks_are_bypassed(depth):
    flux, inputs = tiny_flux(), tiny_inputs()
    call, _ = lensed(flux, inputs)

    later = {f"{block}.bypass": True for block in BLOCKS[depth:]}
    with edit(flux, later or {"vec": lambda x, at: x}):
        stopped = flux(**inputs)

    assert torch.equal(call.velocity[depth], stopped)


def test_depths_are_named_after_the_last_block_that_was_passed():
    call, _ = lensed(tiny_flux(), tiny_inputs())

    assert call.depths == ("embedding", "double 0", "double 1", "single 0", "single 1")
    assert call.moment is None


def test_a_bypassed_block_repeats_what_stood_before_it():
    flux = tiny_flux()

    with edit(flux, {"double.1.bypass": True, "single.1.bypass": True}):
        call, velocity = lensed(flux, tiny_inputs())

    assert torch.equal(call.velocity[2], call.velocity[1])
    assert torch.equal(call.velocity[4], call.velocity[3])
    assert torch.equal(call.velocity[4], velocity)


def test_one_entry_is_kept_for_each_step_that_is_asked_for():
    pipe = tiny_pipeline()

    with lens(pipe, steps=[0, 2]) as calls, record(pipe, "step.v", steps=[0, 2]) as seen:
        pipe.paint(tiny_conditioning())

    assert [call.moment.step for call in calls] == [0, 2]
    assert torch.equal(torch.stack([call.velocity[-1] for call in calls]), seen["step.v"])


@pytest.mark.parametrize("branch", ["cond", "uncond"])
def test_each_branch_of_true_guidance_has_a_velocity_of_its_own(branch):
    pipe = tiny_pipeline(SCHNELL, guidance_by="true")
    pipe._encode = lambda prompt: prompt if not isinstance(prompt, list) else tiny_conditioning()

    with lens(pipe, branch=branch) as calls, record(pipe, "out.velocity", branch=branch) as seen:
        pipe.paint(tiny_conditioning(), guidance=2.0)

    last = torch.stack([call.velocity[-1] for call in calls])
    assert torch.equal(last, seen["out.velocity"])


def test_too_many_velocities_are_refused_before_the_first_block():
    pipe, passed = tiny_pipeline(), []

    with pytest.raises(TooLargeError, match=r"5 velocities of 3 calls would hold 7\.68 kB"):
        with edit(pipe, {"double.0.img.resid_pre": lambda x, at: passed.append(at)}):
            with lens(pipe, max_bytes=7000):
                pipe.paint(tiny_conditioning())

    assert not passed and not watched()
