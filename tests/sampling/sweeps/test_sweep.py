"""A sweep paints every cell once, remembers, and can be painted again by hand."""

import numpy as np
import pytest
from stub_pipeline import stub_pipeline

from fluxlearn.sampling.interventions.blocks import bypass
from fluxlearn.sampling.interventions.values import scale
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.sweeps.grid import grid
from fluxlearn.sampling.sweeps.measures import pixel_distance, psnr
from fluxlearn.sampling.sweeps.sweep import Cost, as_value, estimate, sweep
from fluxlearn.sampling.sweeps.swept import Swept
from fluxlearn.trace.edit import edit
from fluxlearn.trace.tap import watched

SIZE = {"height": 32, "width": 32, "steps": 2}
PROMPTS = ("a red circle", "a blue square")
BLOCKS = ("double.0", "single.1")


def cells():
    return grid(lambda block, step: bypass(block).during([step]), block=BLOCKS, step=[0, 1])


@pytest.fixture
def pipe():
    return stub_pipeline()


@pytest.fixture
def paintings(monkeypatch):
    """How often something was painted."""
    painted, paint = [], Pipeline.paint

    def counted(self, prompt, **options):
        painted.append((prompt, options["seed"]))
        return paint(self, prompt, **options)

    monkeypatch.setattr(Pipeline, "paint", counted)
    return painted


def test_every_number_can_be_had_by_hand(pipe):
    swept = sweep(pipe, PROMPTS, cells(), pixel_distance, seeds=(3, 5), **SIZE)

    with edit(pipe, bypass("single.1"), steps=[0]):
        picture = pipe.paint("a blue square", seed=5, **SIZE)
    alone = pipe.paint("a blue square", seed=5, **SIZE)
    assert swept.axes == {"block": BLOCKS, "step": (0, 1), "prompt": PROMPTS, "seed": (3, 5)}
    assert swept.values.shape == (2, 2, 2, 2)
    assert swept.values[1, 0, 1, 1] == pixel_distance(picture, alone) > 0
    assert (swept.baseline == 0).all()
    assert swept.done.all()


def test_outside_a_terminal_no_bar_is_drawn(pipe, capsys):
    sweep(pipe, "a red circle", grid(bypass, blocks=["single.1"]), pixel_distance, **SIZE)

    assert capsys.readouterr().err == ""


def test_the_baseline_is_measured_too(pipe):
    def brightness(picture, baseline):
        return picture.pixels.mean()

    nothing = grid(lambda factor: scale("vec", factor), factor=[1, 0])

    swept = sweep(pipe, "a red circle", nothing, brightness, **SIZE)

    assert swept.baseline.shape == (1, 1, 1)
    assert swept.effect.values[0].item() == 0  # a factor of 1 is no edit
    assert swept.effect.values[1].item() != 0


def test_a_sweep_paints_each_cell_and_each_baseline_once(pipe, paintings):
    sweep(pipe, PROMPTS, cells(), pixel_distance, seeds=(0, 1), **SIZE)

    assert len(paintings) == 2 * 2 * (1 + 4)


def test_a_stopped_sweep_goes_on_where_it_stopped(pipe, paintings, tmp_path):
    path, measured = tmp_path / "sweep.safetensors", []

    def distance(picture, baseline):
        measured.append(picture.prompt)
        if len(measured) == 8:  # 2 baselines, 6 cells
            raise KeyboardInterrupt
        return pixel_distance(picture, baseline)

    with pytest.raises(KeyboardInterrupt):
        sweep(pipe, PROMPTS, cells(), distance, path=path, **SIZE)
    assert Swept.load(path).done.sum() == 5
    assert not watched()
    paintings.clear()
    resumed = sweep(pipe, PROMPTS, cells(), distance, path=path, **SIZE)

    assert paintings == [("a blue square", 0)] * (1 + 3)
    whole = sweep(pipe, PROMPTS, cells(), pixel_distance, **SIZE)
    np.testing.assert_array_equal(resumed.values, whole.values)
    np.testing.assert_array_equal(Swept.load(path).values, whole.values)


def test_a_finished_sweep_paints_nothing_more(pipe, paintings, tmp_path):
    path = tmp_path / "sweep.safetensors"
    first = sweep(pipe, "a red circle", cells(), psnr, path=path, **SIZE)
    paintings.clear()

    again = sweep(pipe, "a red circle", cells(), psnr, path=path, **SIZE)

    assert paintings == []
    np.testing.assert_array_equal(again.values, first.values)
    assert estimate(pipe, "a red circle", cells(), path=path, **SIZE).paintings == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": (1,)}, "other axes"),
        ({"steps": 1}, "other options"),
        ({"measure": psnr}, "other measure: pixel_distance, but psnr"),
        ({"cells": grid(lambda block: scale("vec", 2), block=BLOCKS)}, "other edits"),
    ],
)
def test_a_file_of_another_sweep_is_refused_before_painting(
    pipe, paintings, tmp_path, change, words
):
    path = tmp_path / "sweep.safetensors"
    own = {"cells": grid(lambda block: bypass(block), block=BLOCKS), "measure": pixel_distance}
    sweep(pipe, "a red circle", **own, path=path, **SIZE)
    paintings.clear()

    with pytest.raises(ValueError, match=words):
        sweep(pipe, "a red circle", path=path, **(own | SIZE | change))
    assert paintings == []


def test_an_estimate_counts_and_times_one_painting(pipe, paintings):
    cost = estimate(pipe, PROMPTS, cells(), seeds=(0, 1), **SIZE)

    assert (cost.paintings, len(paintings)) == (20, 1)
    assert cost.seconds > 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "no time"), (59.6, "1 min"), (3725, "1 h 2 min"), (12, "12 s")],
)
def test_a_cost_is_told_in_the_units_that_read_best(seconds, told):
    assert str(Cost(paintings=9, seconds=seconds)) == f"9 paintings, about {told}"


def test_a_misspelt_point_is_found_before_painting(pipe, paintings):
    misspelt = grid(lambda block: bypass(block), block=["double.0", "sinle.1"])

    with pytest.raises(ValueError, match="Did you mean"):
        sweep(pipe, "a red circle", misspelt, pixel_distance, **SIZE)
    assert paintings == []


def test_nothing_to_measure_is_nan():
    assert np.isnan(as_value(None))
    assert [as_value(x) for x in (True, 2, np.float32(0.5), np.ones((1, 1)))] == [1, 2, 0.5, 1]


def test_a_measure_that_gives_no_number_is_refused(pipe):
    with pytest.raises(TypeError, match="Take a mean"):
        sweep(pipe, "a red circle", cells(), lambda p, b: p.pixels, **SIZE)
    assert not watched()


def test_psnr_is_distance_in_decibels(pipe):
    first, second = (pipe.paint("a red circle", seed=seed, **SIZE) for seed in (0, 1))

    assert psnr(first, first) == np.inf
    assert psnr(first, second) == pytest.approx(-20 * np.log10(pixel_distance(first, second) / 2))
