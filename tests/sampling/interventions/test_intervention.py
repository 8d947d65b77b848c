"""An intervention is what `edit` takes, acts when it should, and tells how it was made."""

from dataclasses import replace

import pytest
import torch
from tiny_models import SCHNELL, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.sampling.interventions.blocks import bypass
from fluxlearn.sampling.interventions.intervention import intervene
from fluxlearn.sampling.interventions.values import scale, set_to
from fluxlearn.trace.edit import edit
from fluxlearn.trace.find import UnknownPointError
from fluxlearn.trace.record import record
from fluxlearn.trace.tap import watched


@pytest.mark.parametrize("steps", [[0], [1, 2]])
def test_an_intervention_during_steps_acts_as_an_edit_of_these_steps(steps):
    pipe, prompt = tiny_pipeline(), tiny_conditioning()

    with edit(pipe, bypass("single.*"), steps=steps):
        expected = pipe.paint(prompt)
    with edit(pipe, bypass("single.*").during(steps)):
        painted = pipe.paint(prompt)

    assert torch.equal(painted.pixels, expected.pixels)
    assert not torch.equal(painted.pixels, pipe.paint(prompt).pixels)


def test_outside_a_sampler_an_intervention_acts_at_once():
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, bypass("*")):
        expected = flux(**inputs)
    with edit(flux, bypass("*").during([5])):
        assert torch.equal(flux(**inputs), expected)


def test_a_branch_of_guidance_is_left_alone():
    pipe = tiny_pipeline(SCHNELL, guidance_by="true")
    pipe.text = lambda prompts: tiny_conditioning(batch=len(prompts))
    only = replace(scale("vec", 0), branch="cond")

    with (
        edit(pipe, only),
        record(pipe, "vec", branch="cond") as edited,
        record(pipe, "vec", branch="uncond") as alone,
    ):
        pipe.paint(tiny_conditioning(), guidance=2.0)

    assert (edited["vec"] == 0).all()
    assert (alone["vec"] != 0).any()


def test_several_interventions_act_from_the_outermost_inwards():
    flux, inputs = tiny_flux(), tiny_inputs()

    with intervene(flux, [set_to("vec", 1.0), scale("vec", 3)]), record(flux, "vec") as seen:
        flux(**inputs)

    assert (seen["vec"] == 3).all()
    assert not watched()


def test_no_intervention_at_all_changes_nothing():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)

    with intervene(flux, []):
        assert torch.equal(flux(**inputs), alone)


def test_nothing_stays_behind_when_one_of_several_is_misspelt():
    with pytest.raises(UnknownPointError, match="Did you mean"):
        with intervene(tiny_flux(), [scale("vec", 3), bypass("sinle.0")]):
            pytest.fail("the block must not run")

    assert not watched()


def test_a_step_beyond_the_last_is_refused_at_the_first_step():
    pipe = tiny_pipeline()

    with pytest.raises(ValueError, match=r"steps are \[1, 3\], but this painting takes 3"):
        with edit(pipe, scale("vec", 2).during([1, 3])), record(pipe, "step.v") as seen:
            pipe.paint(tiny_conditioning(), steps=3)

    assert not seen


def test_steps_can_only_be_narrowed():
    early = bypass("*").during([2, 0, 1])

    assert early.steps == (0, 1, 2)
    assert early.during([1]).steps == (1,)
    with pytest.raises(ValueError, match="acts at steps"):
        early.during([1, 5])


def test_an_intervention_tells_how_it_was_made():
    told = repr(set_to("vec", torch.zeros(1, 32)).during([4]))

    assert told == "<set_to(points=['vec'], value=tensor[1, 32]) at steps [4]>"
