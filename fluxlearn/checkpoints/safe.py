"""Write and read one model as one safetensors file: tensors, and its config in the metadata.

What is there is always whole, and nothing is ever unpickled.
"""

import json
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from fluxlearn.files import replacing


def save_weights(
    model: nn.Module, path: Path, config: Any, dtype: torch.dtype | None = None
) -> None:
    """Write a model's weights and its config (a dataclass) to one file, all or nothing.

    dtype  if given, weights are stored in it: bf16 halves the file.
    """
    tensors = {k: v.detach().to("cpu", dtype) for k, v in model.state_dict().items()}
    save_tensors(tensors, path, {"config": json.dumps(asdict(config))})


def save_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write tensors and text to one safetensors file, all or nothing.

    Raises OSError with the path when the folder cannot be written.
    """
    if any(is_dataclass(value) for value in metadata.values()):
        raise TypeError("metadata values must be text; pass json.dumps(asdict(config)).")
    path.parent.mkdir(parents=True, exist_ok=True)
    # The format has no strides: a view or a channels-last tensor is copied into plain order.
    plain = {name: tensor.contiguous() for name, tensor in tensors.items()}
    with replacing(path) as partial:
        save_file(plain, partial, metadata=metadata)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of a safetensors file.

    Raises FileNotFoundError, or ValueError for a file that is no whole safetensors file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist. Is the path right?")
    try:
        with safe_open(path, framework="pt") as file:
            keys = list(file.keys())  # noqa: SIM118, the file itself cannot be iterated
            return {key: file.get_tensor(key) for key in keys}, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). It may be truncated, or a pickle "
            f"(.pt, .bin) under another name, which is never opened here. Download it again."
        ) from None
