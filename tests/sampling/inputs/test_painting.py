"""Painting with pictures in view: every way to paint shows them, at every step, unchanged."""

from dataclasses import replace

import pytest
import torch
from tiny_models import CONTROL, tiny_conditioning, tiny_pipeline
from tiny_pictures import SHOWN, SIZE, photograph

import fluxlearn as fl
from fluxlearn.sampling.lens import velocity_lens
from fluxlearn.sampling.solvers import SOLVERS
from fluxlearn.sampling.tokens import unpatchify

KINDS = pytest.mark.parametrize(("config", "shown"), SHOWN.values(), ids=SHOWN)


@KINDS
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_steps_end_in_the_picture(config, shown, solver):
    pipe, told = tiny_pipeline(config), tiny_conditioning()

    *_, last = pipe.steps(told, solver=solver, **shown)

    painted = pipe.paint(told, solver=solver, **shown).latents
    assert torch.equal(unpatchify(last.x_next, **SIZE), painted)


@KINDS
def test_a_walk_ends_in_the_picture(config, shown):
    pipe, told = tiny_pipeline(config), tiny_conditioning(batch=1)

    *_, stage = fl.walk(pipe, told, step=1, **shown)

    assert torch.equal(stage.value.clamp(-1, 1), pipe.paint(told, **shown).pixels)


@KINDS
def test_what_is_shown_beside_the_noise_is_the_same_at_every_step(config, shown):
    pipe, told = tiny_pipeline(config), tiny_conditioning()

    with fl.record(pipe, ["in.img", "step.x"]) as seen:
        pipe.paint(told, **shown)

    img, noise = seen["in.img"], seen["step.x"]
    count, width = noise.shape[2:]
    assert torch.equal(img[:, :, :count, :width], noise)
    assert img.numel() > noise.numel()
    for beside in (img[:, :, count:], img[..., width:]):
        assert torch.equal(beside, beside[:1].expand_as(beside))


@KINDS
def test_what_is_shown_can_be_edited_away(config, shown):
    pipe, told = tiny_pipeline(config), tiny_conditioning()
    painted = pipe.paint(told, **shown)

    def blank(value, where):
        value = value.clone()
        value[:, 6:], value[..., 16:] = 0, 0
        return value

    with fl.edit(pipe, {"in.img": blank}):
        blind = pipe.paint(told, **shown)

    assert not torch.allclose(blind.latents, painted.latents, atol=1e-3)


@KINDS
def test_a_prompt_is_painted_alike_alone_and_in_a_batch(config, shown):
    pipe, told = tiny_pipeline(config), tiny_conditioning(batch=2)

    alone, both = pipe.paint(told[0], **shown), pipe.paint(told, **shown)

    torch.testing.assert_close(both.latents[:1], alone.latents, atol=1e-4, rtol=0)


@KINDS
def test_the_lens_reads_the_picture_that_is_painted(config, shown):
    pipe, told = tiny_pipeline(config), tiny_conditioning(batch=1)
    states = list(pipe.steps(told, **shown))

    seen = velocity_lens(pipe, told, **shown)

    assert torch.equal(seen.x0_hat[:, -1], torch.stack([state.x0_hat for state in states]))


def test_true_guidance_shows_the_picture_to_both_branches():
    config = replace(CONTROL, guidance_embed=False)
    pipe, told = tiny_pipeline(config, guidance_by="true"), tiny_conditioning()
    pipe.text = lambda prompts: told

    # Where both branches are told and shown the same, guidance has nothing to add.
    plain, guided = (pipe.paint(told, control=photograph(), guidance=g) for g in (1.0, 5.0))

    torch.testing.assert_close(guided.latents, plain.latents, atol=1e-5, rtol=0)


def test_nothing_runs_when_a_picture_is_refused():
    pipe = tiny_pipeline(CONTROL)
    pipe.text = lambda prompts: pytest.fail("the text encoders ran")
    pipe.autoencoder.encode = lambda pictures: pytest.fail("the autoencoder ran")

    for options in ({}, {"reference": photograph()}, {"control": photograph(), "height": 64}):
        with pytest.raises(ValueError):
            pipe.paint("a red circle", **options)
