"""Does a map find the thing? Pointing: is it largest inside the mask?

    pointing = mask[argmax map]

maps and masks are [maps, rows, columns], a mask is true inside. One answer for each map.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.toy.localisation.scores import pointing
from fluxlearn.trace.attention.columns import columns


def one_by_one(maps: Tensor, masks: Tensor) -> Tensor:
    """Map by map, with the row and the column of the largest value."""
    width = maps.shape[2]
    places = [divmod(int(values.argmax()), width) for values in maps]
    return torch.stack([mask[place] for mask, place in zip(masks, places, strict=True)])


def lowest(maps: Tensor, masks: Tensor) -> Tensor:
    """The map's smallest value is looked for: argmax, not argmin."""
    return pointing(-maps, masks)


def row_and_column(maps: Tensor, masks: Tensor) -> Tensor:
    """Row and column are chosen apart, each by its own sum: the largest value may lie elsewhere."""
    rows, columns_ = maps.sum(dim=2).argmax(dim=1), maps.sum(dim=1).argmax(dim=1)
    return masks[torch.arange(len(maps)), rows, columns_]


def brighter_inside(maps: Tensor, masks: Tensor) -> Tensor:
    """Means inside and outside are compared: a map can be brighter inside and peak outside."""
    inside = (maps * masks).sum(dim=(1, 2)) / masks.sum(dim=(1, 2))
    outside = (maps * ~masks).sum(dim=(1, 2)) / (~masks).sum(dim=(1, 2))
    return inside > outside


def any_strong_place(maps: Tensor, masks: Tensor) -> Tensor:
    """Any place above half of the peak counts: only the peak itself does."""
    strong = maps > maps.amax(dim=(1, 2), keepdim=True) / 2
    return (strong & masks).any(dim=(1, 2))


def first_peak(maps: Tensor, masks: Tensor) -> Tensor:
    """One peak is found in all maps together: each map has its own."""
    place = int(maps.argmax()) % maps[0].numel()
    return masks.flatten(1)[:, place]


def value_there(maps: Tensor, masks: Tensor) -> Tensor:
    """This is how high the peak is: the question is whether the mask is true there."""
    return maps.amax(dim=(1, 2))


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Forty maps; each thing covers a rectangle of its own."""
    maps = torch.rand(40, 5, 7, generator=generator)
    rows = torch.arange(5)[:, None] < torch.randint(1, 5, (40, 1, 1), generator=generator)
    columns_ = torch.arange(7) < torch.randint(2, 7, (40, 1, 1), generator=generator)
    return maps, rows & columns_


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """The map of "red" of every head; by the prompt, red is in the left half."""
    q, k = (trained.seen[f"double.0.attn.{name}"] for name in ("q", "k"))
    txt, side = trained.seen["in.txt"].shape[1], 8
    maps = columns(q[:, :, txt:], k, [2])[0, ..., 0].unflatten(-1, (side, side))
    return maps, (torch.arange(side) < side // 2).expand(len(maps), side, side)


EXERCISE = Exercise(
    solution=pointing,
    other=one_by_one,
    mistakes=(
        lowest,
        row_and_column,
        brighter_inside,
        any_strong_place,
        first_peak,
        value_there,
    ),
    hints=(
        "Where is a map largest? Ask the mask about that place alone.",
        "Flatten rows and columns; argmax then gives one number a map.",
        "masks.flatten(1).gather(1, maps.flatten(1).argmax(dim=1, keepdim=True))[:, 0]",
    ),
    returns="[maps], true or false",
    inputs=inputs,
    recorded=recorded,
)
