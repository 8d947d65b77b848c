"""The indirect effect of every block and step, and of all the difference there is."""

import numpy as np
import pytest
import torch
from reading_pipeline import reading_pipeline

from fluxlearn.sampling.interventions.blocks import block_names, writes
from fluxlearn.sampling.interventions.patch import patch
from fluxlearn.sampling.sweeps.patching import IndirectEffect, patching_map
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

PROMPTS = ("a red circle", "a blue square")


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return reading_pipeline()


def redness(picture, baseline):
    return picture.pixels[:, 0].mean()


@pytest.fixture(scope="module")
def found(pipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps") / "red"
    return patching_map(pipe, PROMPTS, redness, seeds=(0, 3), path=folder), folder


def test_every_effect_can_be_had_by_hand(pipe, found):
    effect = found[0].effect
    with record(pipe, writes("double.1")) as seen:
        source = redness(pipe.paint(PROMPTS[0], seed=3), None)
    with edit(pipe, patch(seen, steps=[1])):
        patched = redness(pipe.paint(PROMPTS[1], seed=3), None)
    target = redness(pipe.paint(PROMPTS[1], seed=3), None)

    assert effect.axes["block"] == block_names(pipe)
    assert list(effect.axes)[1:] == ["step", "prompt", "seed"]
    assert effect.values[1, 1, 0, 1] == pytest.approx(float(patched) - float(target), abs=1e-7)
    assert found[0].total[1] == pytest.approx(float(source) - float(target), abs=1e-7)


def test_a_share_is_mean_effect_over_mean_total(found):
    share = found[0].share

    expected = found[0].effect.values.mean(axis=(2, 3)) / found[0].total.mean()
    np.testing.assert_allclose(share, expected)


def test_the_figure_is_of_shares(found):
    fig = found[0].plot()

    assert "share of redness by block (4) and step (2)" in fig.alt
    np.testing.assert_array_equal(np.asarray(fig.axes[0].images[0].get_array()), found[0].share)


def test_prompts_that_do_not_differ_in_the_measure_have_no_share(found):
    same = IndirectEffect(effect=found[0].effect, total=np.zeros(2))

    assert np.isnan(same.share).all()


def test_a_finished_map_is_read_from_its_folder(pipe, found, monkeypatch):
    monkeypatch.setattr(
        "fluxlearn.sampling.sweeps.plan.Plan.paint", lambda *_: pytest.fail("it painted")
    )

    again = patching_map(pipe, PROMPTS, redness, seeds=(0, 3), path=found[1])

    np.testing.assert_array_equal(again.effect.values, found[0].effect.values)


def test_prompts_of_other_lengths_are_refused_before_painting(pipe, monkeypatch):
    monkeypatch.setattr(pipe, "paint", lambda *_, **__: pytest.fail("it painted"))

    with pytest.raises(ValueError, match="'a red circle' has 3 tokens .* 'red circle' has 2"):
        patching_map(pipe, ("a red circle", "red circle"), redness)
