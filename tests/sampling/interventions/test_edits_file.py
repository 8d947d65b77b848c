"""An intervention that was saved and loaded paints the same picture; a bad file is refused."""

import json

import pytest
import torch
from reading_pipeline import reading_pipeline

from fluxlearn.sampling.interventions.blocks import bypass
from fluxlearn.sampling.interventions.edits_file import (
    BUILDERS,
    WITH_MODEL,
    load_edits,
    save_edits,
)
from fluxlearn.sampling.interventions.heads import ablate_heads
from fluxlearn.sampling.interventions.intervention import intervene
from fluxlearn.sampling.interventions.key_ids import shift_key_ids
from fluxlearn.sampling.interventions.knock_out import knock_out
from fluxlearn.sampling.interventions.patch import copy_row, patch
from fluxlearn.sampling.interventions.prompts import swap_padding, swap_prompt
from fluxlearn.sampling.interventions.steer import Direction, steer
from fluxlearn.sampling.interventions.values import scale, set_to
from fluxlearn.trace.record import record

PROMPTS = ["a red circle", "a blue square"]


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return reading_pipeline()


@pytest.fixture(scope="module")
def examples(pipe):
    """Interventions by each builder, with every kind of argument."""
    with record(pipe, ["single.0.write", "vec"]) as seen:
        pipe.paint(PROMPTS, seed=7)
    direction = Direction(point="vec", vector=torch.randn(32), agreement=0.5)
    made = [
        bypass("single.1"),
        bypass(["double.0", "single.*"]).during([1]),
        scale("*.mod.gate*", 0.5),
        set_to("in.t", 0.25),
        set_to("vec", torch.randn(1, 32)),
        ablate_heads("*", [1]),
        knock_out("*", queries="<image>", keys=[0, 1]),
        knock_out("double.*", keys=[[1], [2]]),
        patch(seen),
        patch(seen, "single.*", steps=[1], tokens=[0, 5]),
        copy_row("in.img", source=1),
        steer(direction, -2),
        shift_key_ids(pipe, "*", (0, 1, 2)),
        swap_prompt(pipe, "a red square", after=1),
        swap_prompt(pipe, pipe.text("left of")),
        swap_padding(pipe, PROMPTS),
    ]
    return {f"{i} {one.builder}": one for i, one in enumerate(made)}


def paint(pipe, interventions):
    with intervene(pipe, interventions):
        return pipe.paint(PROMPTS).pixels


def test_there_is_an_example_of_every_builder(examples):
    assert {one.builder for one in examples.values()} == BUILDERS.keys() | WITH_MODEL.keys()


def test_what_was_saved_paints_the_same_when_loaded(pipe, examples, tmp_path):
    alone = pipe.paint(PROMPTS).pixels
    for name, one in examples.items():
        path = save_edits(one, tmp_path / f"{name}.json")
        expected = paint(pipe, one)

        assert torch.equal(paint(pipe, load_edits(path, pipe)), expected), name
        assert not torch.equal(expected, alone), name


def test_several_come_back_in_their_order(pipe, examples, tmp_path):
    path = save_edits(examples.values(), tmp_path / "edits.json")

    assert [repr(one) for one in load_edits(path, pipe)] == [repr(o) for o in examples.values()]


def test_what_is_not_a_tensor_can_be_read_and_written_by_hand(tmp_path):
    path = tmp_path / "edits.json"
    path.write_text(
        '{"kind": "fluxlearn.edits", "version": 1, "edits": '
        '[{"edit": "bypass", "arguments": {"blocks": "single.3"}, "steps": [0]}]}'
    )

    (one,) = load_edits(path)

    assert repr(one) == repr(bypass("single.3").during([0]))
    assert save_edits(one, path).read_text().count("single.3") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["edits.json"]


def test_saving_again_leaves_the_old_pair_whole(tmp_path):
    path = save_edits(set_to("vec", torch.ones(1, 32)), tmp_path / "edits.json")
    before = path.read_text()

    save_edits(set_to("vec", torch.zeros(1, 32)), path)
    assert (load_edits(path)[0].arguments["value"] == 0).all()
    path.write_text(before)
    assert (load_edits(path)[0].arguments["value"] == 1).all()


def test_tensors_that_were_changed_are_refused(tmp_path):
    path = save_edits(set_to("vec", torch.ones(1, 32)), tmp_path / "edits.json")
    (beside,) = tmp_path.glob("*.safetensors")
    content = beside.read_bytes()
    beside.write_bytes(content[:-1] + b"!")

    with pytest.raises(ValueError, match="not what edits.json was saved with"):
        load_edits(path)


def test_a_file_never_leads_out_of_its_folder(tmp_path):
    path = save_edits(set_to("vec", torch.ones(1, 32)), tmp_path / "edits.json")
    whole = json.loads(path.read_text())
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "edits.json"
    path.write_text(json.dumps(whole | {"tensors": "../" + whole["tensors"]}))

    with pytest.raises(FileNotFoundError, match="not beside it"):
        load_edits(path)
