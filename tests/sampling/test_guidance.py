"""True, embedded and no guidance."""

import pytest
import torch
from tiny_models import FLUX, SCHNELL, tiny_conditioning, tiny_flux, tiny_pipeline

from fluxlearn.sampling.canvas import Canvas
from fluxlearn.sampling.guidance import guided_velocity, plain_velocity
from fluxlearn.trace.moment import current_moment
from fluxlearn.trace.tap import handling

CANVAS = Canvas(batch=2, height=32, width=48)
SCALES = pytest.mark.parametrize("scale", [0.0, 1.0, 3.5])


def tokens():
    return torch.randn(2, 6, FLUX.in_channels)


def both_branches(flux):
    """A prompt, the empty prompt, and the velocity of each on its own."""
    prompts = tiny_conditioning(SCHNELL), tiny_conditioning(SCHNELL)
    return prompts, [plain_velocity(flux, prompt, CANVAS, None) for prompt in prompts]


@SCALES
def test_true_guidance_goes_from_the_empty_prompt_through_the_prompt(scale):
    flux, x = tiny_flux(SCHNELL), tokens()
    prompts, (towards, away) = both_branches(flux)

    guided = guided_velocity(flux, prompts, CANVAS, scale)(x, 0.6)

    expected = (1 - scale) * away(x, 0.6) + scale * towards(x, 0.6)
    torch.testing.assert_close(guided, expected, atol=1e-5, rtol=0)


def test_true_guidance_of_zero_ignores_the_prompt():
    flux, x = tiny_flux(SCHNELL), tokens()
    prompts, (_, away) = both_branches(flux)

    assert torch.equal(guided_velocity(flux, prompts, CANVAS, 0.0)(x, 0.6), away(x, 0.6))


def test_painting_with_true_guidance_of_one_calls_the_model_once_a_step():
    pipeline, calls = tiny_pipeline(SCHNELL, guidance_by="true"), []
    velocity = pipeline.model_call
    pipeline.model_call = lambda *a: calls.append(a) or velocity(*a)

    pipeline.paint(tiny_conditioning(SCHNELL), guidance=1, steps=4)

    assert len(calls) == 4


def test_the_two_calls_of_true_guidance_are_told_apart():
    pipeline, branches = tiny_pipeline(SCHNELL, guidance_by="true"), []
    pipeline.text = lambda prompts: tiny_conditioning(SCHNELL)

    def note(owner, name, value):
        if name == "out.velocity":
            branches.append(current_moment().branch)
        return value

    with handling(note):
        pipeline.paint(tiny_conditioning(SCHNELL), guidance=2.0, steps=3)

    assert branches == 3 * ["cond", "uncond"]


def test_true_guidance_is_refused_for_a_model_that_takes_the_scale_as_an_input():
    prompts = tiny_conditioning(), tiny_conditioning()

    with pytest.raises(ValueError, match="has guidance_embed.*guidance_by='embedded'"):
        guided_velocity(tiny_flux(), prompts, CANVAS, 2.0)


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["embedded", "none"])
def test_being_watched_changes_no_bit(config):
    flux, x = tiny_flux(config), tokens()
    velocity = plain_velocity(flux, tiny_conditioning(config), CANVAS, 3.5)
    unwatched = [velocity(x, time) for time in (0.9, 0.5)]

    with handling(lambda owner, name, value: value):
        watched = [velocity(x, time) for time in (0.9, 0.5)]

    assert all(map(torch.equal, watched, unwatched))


def test_text_is_embedded_once_for_all_steps(monkeypatch):
    flux, settings = tiny_flux(), []
    setting = flux.setting
    monkeypatch.setattr(flux, "setting", lambda *a: settings.append(a) or setting(*a))
    velocity = plain_velocity(flux, tiny_conditioning(), CANVAS, 3.5)

    for time in (1.0, 0.5, 0.1):
        velocity(tokens(), time)

    assert len(settings) == 1
