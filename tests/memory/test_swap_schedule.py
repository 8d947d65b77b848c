"""The schedule of a block swap: every block is there when it is needed, and none too many."""

import pytest

from fluxlearn.memory.swap_schedule import schedule, share

ALL = [(n, s) for n in range(2, 9) for s in range(n - 1)]


class Device:
    """Which blocks are on it; it refuses more than it has rooms for."""

    def __init__(self, blocks, plan):
        self.there, self.rooms = list(plan.first), blocks - plan.swapped

    def move(self, move):
        if move is not None:
            room = self.there.index(move.leaves)
            assert move.comes not in self.there
            self.there[room] = move.comes
        assert len(self.there) == self.rooms


@pytest.mark.parametrize(("blocks", "swapped"), ALL)
def test_each_block_is_there_when_it_is_needed_on_the_way_there_and_back(blocks, swapped):
    plan = schedule(blocks, swapped)
    device = Device(blocks, plan)
    rooms = {}

    for i in range(blocks):
        rooms[i] = device.there.index(i)
        device.move(plan.forward[i])
    assert sorted(device.there) == list(range(swapped, blocks))
    for i in reversed(range(blocks)):
        assert device.there.index(i) == rooms[i], "in the room in which it was computed"
        device.move(plan.backward[i])

    assert sorted(device.there) == sorted(plan.first)


@pytest.mark.parametrize(("blocks", "swapped"), ALL)
def test_without_a_backward_pass_the_first_blocks_come_back_by_themselves(blocks, swapped):
    plan = schedule(blocks, swapped)
    device = Device(blocks, plan)

    for _ in range(2):
        for i in range(blocks):
            assert i in device.there
            device.move(plan.round_trip[i])
        assert sorted(device.there) == sorted(plan.first)


@pytest.mark.parametrize(("blocks", "swapped"), ALL)
def test_while_a_block_comes_others_compute(blocks, swapped):
    plan = schedule(blocks, swapped)

    for i, (there, back) in enumerate(zip(plan.forward, plan.backward, strict=True)):
        assert there is None or there.comes - i - 1 == blocks - swapped - 1
        assert back is None or i - back.comes - 1 == blocks - swapped - 2
    assert sum(move is not None for move in plan.forward) == swapped
    assert sum(move is not None for move in plan.backward) == swapped


def test_flux_dev_can_swap_35():
    double, single = share(35)
    assert (double, single) == (17, 36)
    assert schedule(19, double) and schedule(38, single)
    with pytest.raises(ValueError, match=r"38 of 38 blocks .* from 0 to 36 can be"):
        schedule(38, share(37)[1])
