"""A checkpoint: tensors by name, each read from its file when it is asked for.

Opening reads headers only, a hundred kilobytes for the 24 GB of FLUX.1-dev. So names, shapes and
dtypes are checked before anything is read, and what is not needed is never read.

    checkpoint = open_checkpoint("flux1-dev.safetensors")
    checkpoint.shapes()["img_in.weight"]        a tensor without memory
    checkpoint["img_in.weight"]                 its values, fresh from the file
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from fluxlearn.checkpoints.fp8 import FOR_PRODUCTS, check_scale, descale, find_scales
from fluxlearn.checkpoints.header import Header, Stored, damaged, header_length, parse_header
from fluxlearn.checkpoints.mapped import can_be_mapped, map_tensor
from fluxlearn.checkpoints.shards import check_index, find_files

# Tensors by name: a state dict, or a checkpoint.
if TYPE_CHECKING:
    Weights = Mapping[str, Tensor]
else:  # a checker of types that ran, and knew what is held, would read a tensor to see
    Weights = Mapping


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one tensor lies."""

    file: Path
    stored: Stored
    scale: "Place | None" = None  # of weights in scaled fp8

    @property
    def dtype(self) -> torch.dtype:
        """What reading gives: the file's own dtype, or bf16 for weights with a scale."""
        return torch.bfloat16 if self.scale else self.stored.dtype

    def read(self) -> Tensor:
        """The tensor's values, in memory of their own."""
        tensor = torch.empty(self.stored.shape, dtype=self.stored.dtype)
        # A buffered read fills the whole tensor, or as much of it as the file has left.
        with self.file.open("rb") as file:
            file.seek(self.stored.start)
            count = file.readinto(tensor.reshape(-1).view(torch.uint8).numpy().data)
        if count != self.stored.end - self.stored.start:
            raise damaged(str(self.file), "it became shorter while it was read")
        return descale(tensor, self.scale.read()) if self.scale else tensor

    def map(self) -> Tensor:
        """The tensor's values where they lie in the file, if they can be used as they are."""
        if self.scale or not can_be_mapped(self.stored):
            return self.read()
        return map_tensor(self.file, self.stored)


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint(Weights):
    """Tensors of one or several files by name; nothing is kept in memory."""

    source: str  # what messages call it
    places: dict[str, Place]
    metadata: dict[str, str]
    as_dtype: torch.dtype | None = None  # what every tensor is turned into; None keeps its own
    is_mapped: bool = False  # whether tensors show the file itself where they can

    def __getitem__(self, name: str) -> Tensor:
        place = self.places[name]
        tensor = place.map() if self.is_mapped else place.read()
        return tensor if self.as_dtype is None else tensor.to(self.as_dtype)

    def __contains__(self, name: object) -> bool:
        # A mapping's own way to find out would read the tensor.
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def shapes(self) -> dict[str, Tensor]:
        """The tensors without their values, on the meta device."""
        return {
            name: torch.empty(place.stored.shape, dtype=self.as_dtype or place.dtype, device="meta")
            for name, place in self.places.items()
        }

    def cast(self, dtype: torch.dtype | None) -> "Checkpoint":
        """The same tensors in another dtype, cast one by one as they are read."""
        return replace(self, as_dtype=dtype)

    def mapped(self) -> "Checkpoint":
        """The same tensors without copies where the file holds them as they are wanted."""
        return replace(self, is_mapped=True)

    def only(self, names: Collection[str]) -> "Checkpoint":
        """Those of the tensors that have one of these names."""
        return replace(self, places={k: p for k, p in self.places.items() if k in names})

    def under(self, prefix: str) -> "Checkpoint":
        """Those of the tensors whose names begin so, without that beginning."""
        inside = {k: p for k, p in self.places.items() if k.startswith(prefix)}
        return replace(self, places={k.removeprefix(prefix): p for k, p in inside.items()})

    def usual_dtype(self) -> torch.dtype:
        """The dtype of most of the bytes; bf16 where they are fp8, which is for storage only."""
        sizes: dict[torch.dtype, int] = {}
        for place in self.places.values():
            count = place.stored.end - place.stored.start
            sizes[place.dtype] = sizes.get(place.dtype, 0) + count
        usual = max(sizes, key=lambda dtype: sizes[dtype], default=torch.float32)
        return usual if usual.is_floating_point and usual.itemsize > 1 else torch.bfloat16


def open_checkpoint(path: str | Path) -> Checkpoint:
    """Open a safetensors file, an index of several, or a folder with either.

    Raises FileNotFoundError for what is not there and ValueError for what is damaged, of another
    kind, or does not belong together.
    """
    path = Path(path)
    files, index = find_files(path)
    places: dict[str, Place] = {}
    metadata: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for file in files:
        header = read_header(file)
        metadata |= header.metadata
        places |= {name: Place(file=file, stored=s) for name, s in header.tensors.items()}
        for name in header.tensors:
            found.setdefault(name, []).append(file.name)
    if index is not None:
        check_index(index, found, str(path))
    return Checkpoint(source=str(path), places=_with_scales(places), metadata=metadata)


def _with_scales(places: dict[str, Place]) -> dict[str, Place]:
    """Give each scale to its weight, and leave out what only products in fp8 need."""
    scales = find_scales(places)
    for weight, scale in scales.items():
        check_scale(weight, places[weight].stored.shape, places[scale].stored.shape)
    taken = {*scales.values(), *(name for name in places if name.endswith(FOR_PRODUCTS))}
    return {
        name: replace(place, scale=places[scales[name]]) if name in scales else place
        for name, place in places.items()
        if name not in taken
    }


def read_header(file: Path) -> Header:
    """The header of one file.

    Raises ValueError when it does not describe the file byte by byte.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = header_length(opened.read(8), size, str(file))
        return parse_header(opened.read(length), size, str(file))
