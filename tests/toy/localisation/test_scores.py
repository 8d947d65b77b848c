"""Pointing, overlap and AUC, against their definitions."""

from itertools import islice

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import masks
from fluxlearn.toy.localisation.scores import (
    CELL,
    auc,
    coarsen,
    overlap,
    pointing,
    refine,
    to_tokens,
)


def some_masks(count: int = 60) -> torch.Tensor:
    """Masks of single things, small and large, of all shapes."""
    return torch.cat([masks(scene) for scene in islice(scenes(1, "test", {"one": 1}), count)])


def levels(seed: int, count: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Small maps with many ties, and masks that are neither empty nor full."""
    draw = torch.Generator().manual_seed(seed)
    maps = torch.randint(0, 6, (count, 4, 5), generator=draw).float()
    inside = torch.rand(count, 4, 5, generator=draw) < 0.4
    inside[:, 0, 0], inside[:, 3, 4] = True, False
    return maps, inside


def test_the_mask_over_tokens_points_at_every_thing_there_is():
    inside = some_masks()

    assert pointing(refine(to_tokens(inside)), coarsen(inside)).all()


def test_a_map_that_is_largest_at_one_token_points_to_its_middle():
    maps = torch.zeros(1, 8, 8)
    maps[0, 2, 5] = 1

    at = divmod(int(refine(maps).argmax()), 128 // CELL)

    for cell, token in zip(at, (2, 5), strict=True):
        assert abs(CELL * (cell + 0.5) - 16 * (token + 0.5)) <= CELL / 2


def test_cells_keep_the_area_of_a_mask():
    inside = some_masks()

    before, after = (part.float().mean(dim=(1, 2)) for part in (inside, coarsen(inside)))

    # The arms of a small cross are 9.3 px wide: two cells or three.
    assert ((after - before).abs() < 0.25 * before).all()
    assert after.mean().item() == pytest.approx(before.mean().item(), rel=0.05)


def test_a_map_points_at_the_thing_or_beside_it():
    inside = some_masks(8)

    assert pointing(inside.float(), inside).all()
    assert not pointing((~inside).float(), inside).any()


def test_a_mask_overlaps_itself_wholly_and_what_is_outside_not_at_all():
    inside = some_masks(8)

    assert (overlap(inside.float(), inside, 0.5) == 1).all()
    assert (overlap((~inside).float(), inside, 0.5) == 0).all()


def test_marking_everything_overlaps_by_the_area():
    inside = some_masks(8)
    rising = torch.arange(128.0 * 128).reshape(1, 128, 128).expand(8, -1, -1)

    # All but the least pixel are marked.
    torch.testing.assert_close(
        overlap(rising, inside, 0.0), inside.float().mean(dim=(1, 2)), rtol=1e-3, atol=0
    )


def test_a_threshold_beyond_the_largest_value_is_refused():
    with pytest.raises(ValueError, match="threshold is 1.0.*DAAM takes 0.4"):
        overlap(torch.zeros(1, 2, 2), torch.ones(1, 2, 2) > 0, 1.0)


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_auc_counts_pairs_that_stand_in_the_right_order_and_ties_a_half(seed):
    maps, inside = levels(seed)

    for values, mask, found in zip(maps, inside, auc(maps, inside), strict=True):
        differences = values[mask][:, None] - values[~mask]
        by_hand = ((differences > 0) + 0.5 * (differences == 0)).mean()
        assert found.item() == pytest.approx(by_hand.item(), abs=1e-6)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.floats(0.1, 5), st.floats(-3, 3))
def test_no_score_depends_on_the_scale_of_a_map(seed, factor, offset):
    maps, inside = levels(seed)
    other = factor * maps + offset

    assert torch.equal(auc(maps, inside), auc(other, inside))
    assert torch.equal(overlap(maps, inside, 0.45), overlap(other, inside, 0.45))
