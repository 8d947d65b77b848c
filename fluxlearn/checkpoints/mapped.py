"""A tensor where it lies: its part of the file, mapped into memory.

    read     bytes of the file → a copy of the system's → a copy of ours
    mapped   bytes of the file → a copy of the system's, which the tensor shows

Nothing is read until a value is looked at, and the system takes the pages back when the tensor is
dropped, or sooner if it needs them, since it can read them again. What is written to the tensor
does not reach the file.
"""

import math
import mmap
from pathlib import Path

import torch
from torch import Tensor

from fluxlearn.checkpoints.header import Stored, damaged


def can_be_mapped(stored: Stored) -> bool:
    """Whether the processor can take the values from where they lie.

    A mapping is not empty, and a number begins at a multiple of its size.
    """
    return stored.end > stored.start and not stored.start % stored.dtype.itemsize


def map_tensor(file: Path, stored: Stored) -> Tensor:
    """The values of a tensor without a copy; they are there as long as the tensor is.

    Raises ValueError when the file ends before they do.
    """
    page = stored.start - stored.start % mmap.ALLOCATIONGRANULARITY
    if file.stat().st_size < stored.end:  # behind its end, looking at a value would end the process
        raise damaged(str(file), "it became shorter after it was opened")
    with file.open("rb") as opened:
        length = stored.end - page
        pages = mmap.mmap(opened.fileno(), length, offset=page, access=mmap.ACCESS_COPY)
    if hasattr(mmap, "MADV_SEQUENTIAL"):  # where the system can be told, it reads ahead farther
        pages.madvise(mmap.MADV_SEQUENTIAL)
    values = torch.frombuffer(
        pages, dtype=stored.dtype, count=math.prod(stored.shape), offset=stored.start - page
    )
    return values.reshape(stored.shape)
