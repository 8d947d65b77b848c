"""Block swap as a table: which block's weights leave and which come, and when.

N blocks, of which the weights of N − S fit on the device. A block that has just run makes room for
the one that will be needed next and is not there:

                            on the device       after block i                leaves    comes
    before a forward pass   0 … N − S − 1
      on the way there                          if i < S                     i         N − S + i
    before a backward pass  S … N − 1
      on the way back                           if 0 < p = N − 1 − i ≤ S     N − p     S − p
    afterwards              0 … N − S − 1

Without a backward pass the forward pass goes on to bring back the first blocks itself: after every
block i, i leaves and (N − S + i) mod N comes.

A block comes while others compute: N − S − 1 of them on the way there, N − S − 2 on the way back.
Then it comes into the very room that it left: whatever still points there finds the same weights.

Source: kohya-ss sd-scripts, library/custom_offloading_utils.py and library/flux_models.py.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Move(NamedTuple):
    """One block's weights leave the device, and another's take their room."""

    leaves: int
    comes: int


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What moves after each block; None where nothing does."""

    swapped: int  # blocks that do not fit
    first: tuple[int, ...]  # the blocks on the device before a forward pass
    forward: tuple[Move | None, ...]  # if a backward pass follows
    backward: tuple[Move | None, ...]  # after the backward pass of each block
    round_trip: tuple[Move | None, ...]  # the forward pass if none follows


def schedule(blocks: int, swapped: int) -> Schedule:
    """The moves for so many blocks, of which so many do not fit.

    Raises ValueError unless 0 ≤ swapped ≤ blocks − 2: one computes while another comes.
    """
    if type(swapped) is not int or not 0 <= swapped <= max(0, blocks - 2):
        raise ValueError(
            f"{swapped!r} of {blocks} blocks are to be swapped, but from 0 to "
            f"{max(0, blocks - 2)} can be: one computes while another comes."
        )
    fitting = blocks - swapped
    done = [blocks - 1 - i for i in range(blocks)]  # blocks before i on the way back
    return Schedule(
        swapped=swapped,
        first=tuple(range(fitting)),
        forward=tuple(Move(i, fitting + i) if i < swapped else None for i in range(blocks)),
        backward=tuple(Move(blocks - p, swapped - p) if 0 < p <= swapped else None for p in done),
        round_trip=tuple(
            Move(i, (fitting + i) % blocks) if swapped else None for i in range(blocks)
        ),
    )


def share(swapped: int) -> tuple[int, int]:
    """How many double and how many single blocks are swapped, when so many are asked for.

    A double block has as many weights as 2.4 single ones, so two of these go for one.

    Source: kohya-ss sd-scripts, library/flux_models.py `enable_block_swap`.
    """
    return swapped // 2, 2 * (swapped - swapped // 2)
