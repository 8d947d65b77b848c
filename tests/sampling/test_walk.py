"""Walking through a painting: it is the painting, one step of it in slow motion."""

import threading

import pytest
import torch
from stub_pipeline import stub_pipeline
from tiny_models import SCHNELL, tiny_conditioning, tiny_pipeline

import fluxlearn as fl
from fluxlearn.sampling.points import NOISE, STEPS
from fluxlearn.sampling.solvers import SOLVERS
from fluxlearn.sampling.walk import walk
from fluxlearn.text.points import POINTS as TEXT
from fluxlearn.trace.coroutine import THREAD
from fluxlearn.trace.edit import edit
from fluxlearn.trace.tap import watched


def is_walking():
    """Whether the thread of a walk is alive."""
    return THREAD in [thread.name for thread in threading.enumerate()]


@pytest.fixture(autouse=True)
def nothing_stays_behind():
    yield
    assert not watched() and not is_walking()


def names(points):
    return [point.name for point in points]


def picture_of(stages):
    """The last value of a walk, as `paint` gives it."""
    *_, last = stages
    return last.value.clamp(-1, 1)


def test_it_is_the_packages_walk():
    assert fl.walk is walk


def test_the_stages_go_from_the_prompt_to_the_picture():
    pipe = stub_pipeline()

    walked = [stage.point for stage in walk(pipe, "a red circle", height=32, width=32, step=1)]

    before, after = STEPS[:1], STEPS[1:]
    decoder = [p for p in pipe.autoencoder.points() if p.name.startswith("decoder.")]
    table = [*TEXT, *NOISE, *before, *pipe.flux.points(), *after, *decoder]
    assert walked == names(table)


@pytest.mark.parametrize("solver", SOLVERS)
def test_walking_every_stage_paints_the_same_picture_bit_for_bit(solver):
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)

    walked = picture_of(walk(pipe, prompt, step=1, solver=solver, seed=2))

    assert torch.equal(walked, pipe.paint(prompt, solver=solver, seed=2).pixels)


def test_only_the_step_that_was_asked_for_is_walked():
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)

    stages = walk(pipe, prompt, step=2, steps=4, break_at=["step.x", "vec", "decoder.mid"])

    assert [(s.point, s.at.step) for s in stages] == [
        ("step.x", 2), ("vec", 2), ("decoder.mid", None),
    ]  # fmt: skip


@pytest.mark.parametrize(("step", "embedded"), [(0, 3), (3, 3), (7, 2)])
def test_the_other_steps_run_at_full_speed(monkeypatch, step, embedded):
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)
    calls, setting = [], pipe.flux.setting
    monkeypatch.setattr(pipe.flux, "setting", lambda *given: calls.append(1) or setting(*given))

    for _ in walk(pipe, prompt, step=step, steps=8, break_at="vec"):
        pass

    # Once for all unwatched steps, and once for each watched call: those of the step and, because
    # a solver may call twice a step, one more.
    assert len(calls) == embedded


@pytest.mark.parametrize("point", ["in.txt", "double.0.img.v", "step.x", "step.x_next"])
def test_an_assigned_value_paints_what_the_same_edit_paints(point):
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)

    for stage in walk(pipe, prompt, step=1, break_at=[point, "decoder.pixels"]):
        if stage.point == point:
            stage.value = -stage.value
    with edit(pipe, {point: lambda x, at: -x}, steps=[1]):
        edited = pipe.paint(prompt)

    assert torch.equal(stage.value.clamp(-1, 1), edited.pixels)
    assert not torch.equal(edited.pixels, pipe.paint(prompt).pixels)


def test_true_guidance_is_walked_on_both_branches():
    pipe = tiny_pipeline(SCHNELL, guidance_by="true")
    pipe._encode = lambda prompt: tiny_conditioning() if isinstance(prompt, list) else prompt

    stages = walk(pipe, tiny_conditioning(), guidance=2.0, break_at="vec", step=1)

    assert [stage.at.branch for stage in stages] == ["cond", "uncond"]


def test_a_step_with_two_model_calls_is_walked_through_both():
    stages = walk(tiny_pipeline(), tiny_conditioning(), solver="midpoint", step=1, break_at="vec")

    (first, second) = [(stage.at.step, stage.at.time) for stage in stages]

    assert first[0] == second[0] == 1
    assert first[1] > second[1]


def test_a_start_image_is_encoded_before_the_noise_is_mixed_in():
    start = torch.zeros(3, 32, 32)

    stages = walk(
        tiny_pipeline(), tiny_conditioning(batch=1), start_image=start, strength=0.7, steps=4,
        step=2, break_at=["ae.latent", "in.latent", "step.x"],
    )  # fmt: skip

    assert [stage.point for stage in stages] == ["ae.latent", "in.latent", "step.x"]


def test_all_steps_are_walked_through_paint_itself():
    pipe, prompt = tiny_pipeline(), tiny_conditioning(batch=1)

    stages = walk(pipe.paint, prompt, steps=3, break_at="step.x")

    assert [stage.at.step for stage in stages] == [0, 1, 2]


def test_a_painting_can_be_left_in_the_midst_of_a_step():
    for stage in walk(tiny_pipeline(), tiny_conditioning(), step=1):
        if stage.point == "single.1.attn.q":
            assert is_walking()
            break

    assert not watched() and not is_walking()


@pytest.mark.parametrize("bad", [{"steps": 0}, {"step": 3}, {"guidance": -1.0}, {"stepz": 1}])
def test_a_bad_option_is_refused_before_anything_runs(bad):
    pipe = tiny_pipeline()
    pipe.text = lambda prompt: pytest.fail("the text encoders ran")

    with pytest.raises((ValueError, TypeError)):
        walk(pipe, "a red circle", **bad)
