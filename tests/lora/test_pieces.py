"""Fused ↔ split, exactly; and what a low rank is."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_loras import integers, weight_changes

from fluxlearn.lora.patch import Lora, Patch, combine
from fluxlearn.lora.pieces import piece

WIDTH = 8


def part(rank, first, rows=WIDTH, strength=1.0):
    return Patch(
        down=integers(rank, WIDTH), up=integers(rows, rank), alpha=rank * strength, first=first
    )


def cut(patch, parts=3):
    return [piece([patch], i * WIDTH, (i + 1) * WIDTH) for i in range(parts)]


def change(*patches):
    return weight_changes(Lora(patches={"layer": patches}))["layer"]


def same_patch(some, other):
    return (
        torch.equal(some.down, other.down)
        and torch.equal(some.up, other.up)
        and (some.alpha, some.first) == (other.alpha, other.first)
    )


@settings(max_examples=10)
@given(
    ranks=st.tuples(*[st.integers(1, 5)] * 3),
    strength=st.sampled_from([1.0, 0.25, 1 / 3]),
)
def test_parts_of_any_ranks_are_put_together_and_cut_apart_again(ranks, strength):
    parts = [part(rank, i * WIDTH, strength=strength) for i, rank in enumerate(ranks)]

    whole = piece(parts, 0, 3 * WIDTH)

    assert whole.rank == sum(ranks)
    for before, after in zip(parts, cut(whole), strict=True):
        assert torch.equal(before.down, after.down)
        assert torch.equal(before.up, after.up)
        assert after.scale == pytest.approx(strength, rel=1e-15)


@pytest.mark.parametrize("rank", [1, 3, 16, 48])
def test_a_dense_patch_is_cut_by_rows_whether_or_not_three_divides_its_rank(rank):
    dense = part(rank, 0, rows=3 * WIDTH)

    parts = cut(dense)

    assert [p.rank for p in parts] == [rank] * 3
    assert same_patch(piece(parts, 0, 3 * WIDTH), dense)


def test_blocks_of_unequal_rank_are_found():
    whole = piece([part(2, 0), part(1, WIDTH), part(3, 2 * WIDTH)], 0, 3 * WIDTH)

    assert [p.rank for p in cut(whole)] == [2, 1, 3]


def test_one_number_off_the_blocks_makes_a_part_dense_there():
    whole = piece([part(2, 0), part(2, WIDTH), part(2, 2 * WIDTH)], 0, 3 * WIDTH)
    whole.up[0, 5] = 1e-8

    parts = cut(whole)

    assert [p.rank for p in parts] == [3, 2, 2]
    assert torch.equal(torch.cat([change(replace(p, first=0)) for p in parts]), change(whole))


def test_a_part_that_is_left_alone_has_no_patch():
    whole = piece([part(2, 0), part(2, 2 * WIDTH)], 0, 3 * WIDTH)

    q, k, v = cut(whole)

    assert k is None
    assert (q.rank, v.rank) == (2, 2)


def test_an_untrained_patch_keeps_its_rank_in_every_part():
    fresh = replace(part(4, 0, rows=3 * WIDTH), up=torch.zeros(3 * WIDTH, 4))

    assert [p.rank for p in cut(fresh)] == [4, 4, 4]


def test_parts_of_unequal_strength_are_weighed_exactly_by_powers_of_two():
    parts = [part(2, 0, strength=0.5), part(3, WIDTH, strength=4.0)]

    assert torch.equal(change(piece(parts, 0, 2 * WIDTH)), change(*parts))


def test_patches_of_the_same_rows_add_up():
    some, other = part(2, 0), part(3, 0)

    both = piece([some, other], 0, WIDTH)

    assert both.rank == 5
    assert torch.equal(change(both), change(some) + change(other))


def test_a_change_has_at_most_its_rank():
    assert torch.linalg.matrix_rank(change(part(3, 0))) <= 3


def test_combined_loras_change_what_each_would_at_its_scale():
    some, other = part(2, 0), part(3, WIDTH)
    loras = [Lora(patches={"layer": (some,)}), Lora(patches={"layer": (other,), "b": (some,)})]

    both = combine([(loras[0], 0.5), (loras[1], -2.0)])

    expected = -2.0 * change(other)
    expected[:WIDTH] += 0.5 * change(some)
    assert torch.equal(change(*both.patches["layer"]), expected)
    assert torch.equal(change(*both.patches["b"]), -2.0 * change(some))


def test_two_control_loras_are_not_combined():
    loras = [Lora(patches={}, replaced={"norm.scale": torch.full((2,), x)}) for x in (1.0, 2.0)]

    with pytest.raises(ValueError, match=r"norm\.scale is given anew by two"):
        combine([(lora, 1.0) for lora in loras])


def test_a_share_of_the_text_encoders_is_not_combined_in_silence():
    lora = Lora(patches={}, text={"lora_te1_x.alpha": torch.ones(())})

    with pytest.raises(ValueError, match=r"lora_te1_x\.alpha"):
        combine([(lora, 1.0)])
