"""Other text takes over where and when it should."""

import pytest
import torch
from reading_pipeline import reading_pipeline
from tiny_models import SCHNELL, tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.interventions.prompts import swap_padding, swap_prompt
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

RED, BLUE = "a red circle", "a blue square"


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return reading_pipeline()


def test_a_prompt_swapped_from_the_start_is_the_other_prompt(pipe):
    with edit(pipe, swap_prompt(pipe, BLUE)):
        swapped = pipe.paint(RED)

    assert torch.equal(swapped.pixels, pipe.paint(BLUE).pixels)


def test_steps_before_the_swap_follow_the_first_prompt(pipe):
    first, second = ([s.velocity for s in pipe.steps(p, steps=3)] for p in (RED, BLUE))

    with edit(pipe, swap_prompt(pipe, BLUE, after=1)):
        swapped = [s.velocity for s in pipe.steps(RED, steps=3)]

    assert torch.equal(swapped[0], first[0])
    assert not torch.equal(swapped[1], first[1])
    assert not torch.equal(swapped[1], second[1])  # it starts from elsewhere


def test_a_saved_conditioning_of_one_prompt_serves_a_batch():
    pipe, other = tiny_pipeline(), tiny_conditioning(batch=1)

    with edit(pipe, swap_prompt(pipe, other)), record(pipe, "in.clip") as seen:
        pipe.paint(tiny_conditioning(batch=2))

    assert torch.equal(seen["in.clip"][0], other.pooled.expand(2, -1))


def test_true_guidance_keeps_its_empty_prompt():
    pipe = reading_pipeline(SCHNELL, guidance_by="true")

    with (
        edit(pipe, swap_prompt(pipe, BLUE)),
        record(pipe, "in.clip", branch="uncond") as empty,
        record(pipe, "in.clip") as told,
    ):
        pipe.paint(RED, guidance=2.0)

    assert torch.equal(empty["in.clip"][0], pipe.text("").pooled)
    assert torch.equal(told["in.clip"][0], pipe.text(BLUE).pooled)


def test_a_swap_after_the_last_step_is_refused_at_the_first(pipe):
    with pytest.raises(ValueError, match="after is 2, but this painting takes 2 steps"):
        with edit(pipe, swap_prompt(pipe, BLUE, after=2)), record(pipe, "step.v") as seen:
            pipe.paint(RED, steps=2)

    assert not seen


def test_padding_is_swapped_and_words_are_not(pipe):
    with edit(pipe, swap_padding(pipe, RED)), record(pipe, "in.txt") as seen:
        pipe.paint(RED)

    words, empty, txt = pipe.text(RED).txt, pipe.text("").txt, seen["in.txt"][0]
    assert torch.equal(txt[:, :4], words[:, :4])  # a, red, circle, </s>
    assert torch.equal(txt[:, 4:], empty[:, 4:])
    assert not torch.equal(words[:, 4:], empty[:, 4:])


def test_padding_of_the_same_prompt_changes_nothing(pipe):
    with edit(pipe, swap_padding(pipe, RED, RED)):
        swapped = pipe.paint(RED)

    assert torch.equal(swapped.pixels, pipe.paint(RED).pixels)


def test_words_of_the_other_text_must_not_reach_into_the_padding(pipe):
    with pytest.raises(ValueError, match=r"8 tokens of padding and 'a red .*' has 6"):
        swap_padding(pipe, RED, "a red circle left of")
