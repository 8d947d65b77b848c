"""A direction is the mean difference between prompts, and steering goes along it."""

import pytest
import torch
from stub_pipeline import stub_pipeline

from fluxlearn.sampling.interventions.steer import Direction, direction_between, steer
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

PAIRS = [("a blue circle", "a red circle"), ("a blue cross", "a red cross")]
SIZE = {"height": 32, "width": 32, "steps": 2}
POINT = "double.1.img.resid_post"


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return stub_pipeline()


def test_a_direction_is_the_mean_difference_over_pairs_tokens_and_steps(pipe):
    found = direction_between(pipe, PAIRS, POINT, **SIZE)

    means = []
    for prompts in zip(*PAIRS, strict=True):
        with record(pipe, POINT) as seen:
            pipe.paint(list(prompts), **SIZE)
        means.append(seen[POINT].mean(dim=(0, 1, 2)))
    torch.testing.assert_close(found.vector, means[1] - means[0])
    assert found.point == POINT
    assert -1 <= found.agreement <= 1


def test_a_direction_may_be_found_at_some_steps_only(pipe):
    first = direction_between(pipe, PAIRS, POINT, at_steps=[0], **SIZE)
    last = direction_between(pipe, PAIRS, POINT, at_steps=[1], **SIZE)
    both = direction_between(pipe, PAIRS, POINT, **SIZE)

    torch.testing.assert_close((first.vector + last.vector) / 2, both.vector)


def test_prompts_turned_round_give_the_opposite_direction(pipe):
    there = direction_between(pipe, PAIRS, "vec", **SIZE)
    back = direction_between(pipe, [pair[::-1] for pair in PAIRS], "vec", **SIZE)

    torch.testing.assert_close(back.vector, -there.vector)


def test_one_pair_agrees_with_itself(pipe):
    assert direction_between(pipe, PAIRS[:1], "text.clip", **SIZE).agreement == pytest.approx(1)


def test_steering_a_first_prompt_by_one_meets_the_second_at_that_point(pipe):
    (first, second), point = PAIRS[0], "in.clip"
    direction = direction_between(pipe, [(first, second)], point, **SIZE)

    with edit(pipe, steer(direction)), record(pipe, point) as steered:
        pipe.paint(first, **SIZE)
    with record(pipe, point) as plain:
        pipe.paint(second, **SIZE)

    torch.testing.assert_close(steered[point], plain[point])


def test_steering_by_nothing_changes_nothing_and_twice_goes_twice_as_far(pipe):
    direction = Direction(point="vec", vector=torch.randn(32), agreement=1.0)

    def steered(strength):
        with edit(pipe, steer(direction, strength)), record(pipe, "vec") as seen:
            pipe.paint(PAIRS[0][0], **SIZE)
        return seen["vec"]

    with record(pipe, "vec") as plain:
        pipe.paint(PAIRS[0][0], **SIZE)
    assert torch.equal(steered(0), plain["vec"])
    torch.testing.assert_close(steered(2) - plain["vec"], 2 * (steered(1) - plain["vec"]))


@pytest.mark.parametrize(
    ("pairs", "point", "words"),
    [
        ([], "vec", "pairs is empty"),
        (["ab"], "vec", "'ab' is no pair"),
        ([("a", "a")], "vec", "two different prompts"),
        (PAIRS, "double.*.img.resid_post", "stands for 2 points"),
        (PAIRS, "double.0.img.q", r"axes \[batch, head, img, head_dim\]"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_gives_no_direction_is_refused_before_painting(pipe, monkeypatch, pairs, point, words):
    monkeypatch.setattr(pipe, "prepare", lambda *_, **__: pytest.fail("it painted"))

    with pytest.raises(ValueError, match=words):
        direction_between(pipe, pairs, point)


def test_a_step_that_is_not_there_is_refused_before_painting(pipe, monkeypatch):
    monkeypatch.setattr(pipe, "prepare", lambda *_, **__: pytest.fail("it painted"))

    with pytest.raises(ValueError, match="step is 2, but this painting takes 2 steps"):
        direction_between(pipe, PAIRS, POINT, at_steps=[0, 2], **SIZE)
