"""Edits as data."""

from collections import Counter
from itertools import islice

import pytest
import torch

from fluxlearn.toy.draw import draw, masks
from fluxlearn.toy.edits import COMBINING, KINDS, edits
from fluxlearn.toy.scene import fits, split_of


def some(kind: str, count: int = 30):
    return islice(edits(0, kinds=[kind]), count)


def test_an_edit_leads_from_a_training_scene_to_one_of_its_split():
    for split in ("train", "test", "novel"):
        for edit in islice(edits(0, split), 40):
            assert split_of(edit.source) == "train" and split_of(edit.target) == split


def test_both_scenes_of_an_edit_can_be_drawn_and_differ():
    for edit in islice(edits(1), 100):
        assert fits(edit.source.things) and fits(edit.target.things)
        assert edit.changed.any()


def test_the_mask_holds_every_pixel_that_changes_and_no_other():
    for edit in islice(edits(2), 30):
        before, after = draw(edit.source), draw(edit.target)
        assert torch.equal(before[:, ~edit.changed], after[:, ~edit.changed])
        assert (before != after).any(dim=0)[edit.changed].all()


@pytest.mark.parametrize("kind", ["recolour", "reshape", "resize", "move"])
def test_other_things_and_the_background_stay(kind):
    for edit in some(kind):
        assert edit.source.background == edit.target.background
        changed = [a != b for a, b in zip(edit.source.things, edit.target.things, strict=True)]
        assert sum(changed) == 1


def test_a_recoloured_thing_keeps_its_outline():
    for edit in some("recolour"):
        assert torch.equal(masks(edit.source), masks(edit.target))


def test_the_instruction_names_one_thing_only():
    for edit in some("remove", 60):
        gone = next(t for t in edit.source.things if t not in edit.target.things)
        named = edit.instruction.removeprefix("remove the ").split()
        matching = [t for t in edit.source.things if set(named) <= {t.colour, t.shape}]
        assert matching == [gone]


def test_an_addition_puts_back_what_a_removal_takes_away():
    for edit in some("add"):
        new = [t for t in edit.target.things if t not in edit.source.things]
        assert len(new) == 1 and f"{' '.join(new[0].words)}" in edit.instruction


def test_a_moved_thing_alone_arrives_where_the_instruction_says():
    for edit in some("move", 60):
        if len(edit.target.things) == 1:
            assert edit.target.place in edit.instruction


def test_all_kinds_come_alike_often():
    seen = Counter(edit.kind for edit in islice(edits(0), 700))
    assert seen.keys() == KINDS.keys() and min(seen.values()) > 60


def test_only_some_kinds_can_bring_a_held_out_combination():
    assert {edit.kind for edit in islice(edits(0, "novel"), 60)} == set(COMBINING)
    with pytest.raises(ValueError, match="kind of edit for the split novel is 'remove'"):
        edits(0, "novel", ["remove"])


def test_the_same_seed_gives_the_same_edits():
    assert list(islice(edits(4), 10)) == list(islice(edits(4), 10))
