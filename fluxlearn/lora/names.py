"""Where a layer of a LoRA file is in the model: three sets of names, as tables.

    bfl         our own names, layer for layer
    diffusers   its names: q, k, v and the MLP's first layer are apart, rows of one layer here
    xlabs       names of its own for the attention's layers, and none for the others

Rows are counted in widths of the layer's input: of a fused qkv, row by row q, k and v, k is the
second. So no table depends on the size of the model, and a file tells its own sizes.

Source: BFL flux/modules/lora.py; diffusers loaders/lora_conversion_utils.py; XLabs-AI/x-flux
src/flux/modules/layers.py `DoubleStreamBlockLoraProcessor`, `SingleStreamBlockLoraProcessor`.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from fluxlearn.checkpoints.names import DOUBLE, GUIDANCE, OUTSIDE, SINGLE, Row


class Place(NamedTuple):
    """Rows of one of our layers, or one of our parameters, that goes by some name elsewhere."""

    ours: str
    start: int = 0  # first row, in widths of the layer's input
    stop: int | None = None  # the row after the last; None is the layer's end
    swapped: bool = False  # the halves of the rows are in the other order there


class Names(NamedTuple):
    """One set of names: of double blocks, single blocks and what is outside of both."""

    double_blocks: str
    single_blocks: str
    double: dict[str, Place]
    single: dict[str, Place]
    outside: dict[str, Place]


def _ours(rows: Sequence[Row]) -> dict[str, Place]:
    names = [f"{row.bfl}.scale" if row.how == "scale" else row.bfl for row in rows]
    return {name: Place(name) for name in names}


def _theirs(rows: Sequence[Row]) -> dict[str, Place]:
    places = {}
    for row in rows:
        parts = row.diffusers.split()
        if row.how == "scale":
            places[f"{row.diffusers}.weight"] = Place(f"{row.bfl}.scale")
        for i, part in enumerate(parts if row.how != "scale" else ()):
            stop = None if i == len(parts) - 1 else i + 1
            places[part] = Place(row.bfl, i, stop, swapped=row.how == "swap")
    return places


# fmt: off
XLABS_DOUBLE = {
    "processor.qkv_lora1":  Place("img_attn.qkv"),
    "processor.proj_lora1": Place("img_attn.proj"),
    "processor.qkv_lora2":  Place("txt_attn.qkv"),
    "processor.proj_lora2": Place("txt_attn.proj"),
}
XLABS_SINGLE = {
    "processor.qkv_lora":   Place("linear1", 0, 3),
    "processor.proj_lora":  Place("linear2"),
}
# fmt: on

NAMES = {
    "bfl": Names(
        double_blocks="double_blocks",
        single_blocks="single_blocks",
        double=_ours(DOUBLE),
        single=_ours(SINGLE),
        outside=_ours(OUTSIDE + GUIDANCE),
    ),
    "diffusers": Names(
        double_blocks="transformer_blocks",
        single_blocks="single_transformer_blocks",
        double=_theirs(DOUBLE),
        single=_theirs(SINGLE),
        outside=_theirs(OUTSIDE + GUIDANCE),
    ),
    "xlabs": Names(
        double_blocks="double_blocks",
        single_blocks="single_blocks",
        double=XLABS_DOUBLE,
        single=XLABS_SINGLE,
        outside={},
    ),
}


def places(whose: str, blocks: int) -> dict[str, Place]:
    """Every name of a set, for a model of at most this many blocks of a kind, and its place."""
    names = NAMES[whose]
    found = dict(names.outside)
    kinds = (
        ("double_blocks", names.double_blocks, names.double),
        ("single_blocks", names.single_blocks, names.single),
    )
    for i, (ours, theirs, inside) in itertools.product(range(blocks), kinds):
        for name, place in inside.items():
            found[f"{theirs}.{i}.{name}"] = place._replace(ours=f"{ours}.{i}.{place.ours}")
    return found
