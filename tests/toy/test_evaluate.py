"""The judge: right on the truth, and not fooled by anything else."""

from itertools import islice

import numpy as np
import pytest
import torch
from scipy import ndimage

from fluxlearn.toy.captions import everything, parse
from fluxlearn.toy.dataset import prompts, scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.evaluate import CLAUSES, by_chance, score, score_all, summarise, table
from fluxlearn.toy.scene import Scene, Thing

TOLD = parse("a large red circle left of a small blue square on a white background")


def thing(shape: str, colour: str, half_width: float, x: float, y: float = 64.0) -> Thing:
    return Thing(shape=shape, colour=colour, half_width=half_width, x=x, y=y)


def picture(*things: Thing, background: str = "white") -> torch.Tensor:
    return draw(Scene(background=background, things=things))


CIRCLE, SQUARE = thing("circle", "red", 26, 35), thing("square", "blue", 14, 95)


def fails(shown: torch.Tensor, told=TOLD) -> set[str]:
    return {clause for clause, holds in score(shown, told).items() if holds is False}


def test_every_clause_holds_on_2000_true_pictures():
    for split in ("train", "novel"):
        for scene in islice(scenes(11, split), 1000):
            assert False not in score(draw(scene), everything(scene)).values(), scene


def test_every_clause_still_holds_under_mild_noise_and_light_blur():
    rng = np.random.default_rng(0)
    for scene in islice(scenes(12), 150):
        true, told = draw(scene).numpy(), everything(scene)
        noise = rng.normal(0, 0.05, true.shape).astype(np.float32)
        blurred = ndimage.gaussian_filter(true, (0, 1, 1))
        for shown in (true + noise, blurred, blurred + noise):
            assert not fails(torch.from_numpy(shown), told), scene


def test_the_true_picture_meets_all():
    assert not fails(picture(CIRCLE, SQUARE))


@pytest.mark.parametrize(
    ("shown", "failing"),
    [
        ([thing("circle", "green", 26, 35), SQUARE], {"colour", "binding", "size", "relation"}),
        ([thing("cross", "red", 26, 35), SQUARE], {"shape", "binding", "size", "relation"}),
        (
            [thing("circle", "blue", 26, 35), thing("square", "red", 14, 95)],
            {"binding", "size", "relation"},
        ),
        ([CIRCLE], {"count", "colour", "shape", "binding", "size", "relation"}),
        ([CIRCLE, SQUARE, thing("cross", "green", 14, 95, 20)], {"count"}),
        ([CIRCLE, SQUARE, thing("square", "blue", 14, 95, 20)], {"count"}),
        ([thing("circle", "red", 26, 93), thing("square", "blue", 14, 33)], {"relation"}),
        ([thing("circle", "red", 26, 64, 35), thing("square", "blue", 14, 60, 95)], {"relation"}),
        ([thing("circle", "red", 14, 35), SQUARE], {"size"}),
        ([thing("circle", "red", 14, 35), thing("square", "blue", 26, 90)], {"size"}),
    ],
    ids=[
        "wrong colour", "wrong shape", "swapped colours", "missing", "extra", "one of two twice",
        "mirrored", "above instead", "wrong size", "swapped sizes",
    ],
)  # fmt: skip
def test_a_wrong_picture_fails_the_clauses_it_breaks_and_no_other(shown, failing):
    assert fails(picture(*shown)) == failing | {"full"}


def test_a_wrong_background_fails_only_that():
    assert fails(picture(CIRCLE, SQUARE, background="grey")) == {"background", "full"}


def test_a_thing_in_another_cell_fails_the_place():
    told = parse("a red circle in the top left corner")

    assert not fails(picture(thing("circle", "red", 14, 25, 25)), told)
    assert fails(picture(thing("circle", "red", 14, 64, 25)), told) == {"place", "full"}


def test_two_things_for_three_fail_the_count_and_the_binding():
    told = parse("three small red circles")
    two = picture(thing("circle", "red", 14, 25), thing("circle", "red", 14, 95))
    assert fails(two, told) == {"count", "colour", "shape", "binding", "size", "full"}


def test_things_that_differ_only_in_size_are_told_apart_by_it():
    told = parse("a large red circle left of a small red circle")
    small, large = thing("circle", "red", 14, 25), thing("circle", "red", 26, 90)
    assert fails(picture(small, large), told) == {"relation", "full"}


def test_what_the_caption_does_not_tell_is_not_judged():
    judged = score(picture(CIRCLE), parse("a red circle"))

    untold = {clause for clause, holds in judged.items() if holds is None}

    assert untold == {"size", "relation", "place", "background"}
    assert judged["full"] is True


def test_unrelated_true_pictures_score_far_below_one():
    told = [prompt.tells for prompt in prompts("test", 100, 0)]

    rows = summarise(by_chance(told, "test", 0), by_chance(told, "test", 1), n_bootstrap=100)

    assert [row.clause for row in rows] == list(CLAUSES)
    for row in rows:
        assert row.mean < 0.7 and row.chance < 0.7
        assert row.low <= row.mean <= row.high


def test_a_summary_counts_only_the_captions_that_tell_a_clause():
    told = [TOLD, parse("a red circle"), parse("a red circle")]
    scores = score_all(torch.stack([picture(CIRCLE, SQUARE)] * 3), told)

    rows = {row.clause: row for row in summarise(scores, scores, n_bootstrap=50)}

    assert rows["relation"].n == 1 and rows["count"].n == 3 and "place" not in rows
    assert rows["count"].mean == pytest.approx(1 / 3)


def test_a_bootstrap_interval_is_as_wide_as_a_binomial_one():
    scores = [dict.fromkeys(CLAUSES, i % 2 == 0) for i in range(400)]

    row = summarise(scores, scores, n_bootstrap=1000)[0]

    # 1.96 · √(¼ / 400) = 0.049 to either side.
    assert (row.low, row.high) == pytest.approx((0.451, 0.549), abs=0.01)


def test_a_table_has_a_line_for_each_clause():
    scores = [score(picture(CIRCLE, SQUARE), TOLD)] * 2
    lines = table(summarise(scores, scores, n_bootstrap=10)).splitlines()
    assert len(lines) == 2 + 8 and lines[2] == "| count | 2 | 1.000 | 1.000–1.000 | 1.000 |"


def test_numbers_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="1 pictures came with 2 descriptions"):
        score_all(picture(CIRCLE)[None], [TOLD, TOLD])
    with pytest.raises(ValueError, match="scores has 1 entries and chance has 0"):
        summarise([score(picture(CIRCLE), TOLD)], [])
