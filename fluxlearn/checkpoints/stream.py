"""Write a safetensors file of any size with the memory of one tensor.

Names, dtypes and shapes are known before the values, so the header is written first and the tensors
follow as they are made.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from fluxlearn.checkpoints.header import write_header
from fluxlearn.files import replacing


def stream_tensors(
    path: Path,
    shapes: Mapping[str, Tensor],
    tensors: Iterable[tuple[str, Tensor]],
    metadata: dict[str, str],
) -> None:
    """Write tensors to one file as they come, all or nothing.

    shapes   what will come, in this order; only dtype and shape are looked at.
    tensors  name and values.

    Raises OSError with the path when the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, partial.open("wb") as file:
        sizes = {name: (t.dtype, tuple(t.shape)) for name, t in shapes.items()}
        file.write(write_header(sizes, metadata))
        for (name, expected), (given, tensor) in zip(shapes.items(), tensors, strict=True):
            if (name, expected.dtype, expected.shape) != (given, tensor.dtype, tensor.shape):
                raise ValueError(f"{name} was announced, but {given} came, or in other sizes.")
            plain = tensor.detach().cpu().contiguous().reshape(-1)
            file.write(plain.view(torch.uint8).numpy().data)
