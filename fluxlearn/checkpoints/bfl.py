"""BFL's own format: a file's keys are the model's state-dict keys, so loading is a strict load."""

import json
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from fluxlearn.checkpoints.safe import read_tensors

Module = TypeVar("Module", bound=nn.Module)


def read_model(
    path: Path, config_class: type, model_class: type[Module], dtype: torch.dtype = torch.float32
) -> tuple[Module, dict]:
    """Build a model from a file that `save_weights` wrote; returns it with the file's metadata.

    Raises FileNotFoundError, or ValueError for a foreign, damaged or mismatched file.
    """
    tensors, metadata = read_tensors(path)
    if "config" not in metadata:
        raise ValueError(
            f"{path} has no config in its header, so its sizes are unknown. It was not written by "
            f"fluxlearn; its first keys are {sorted(tensors)[:3]}."
        )
    values = json.loads(metadata["config"])
    config = config_class(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
    with torch.device("meta"):
        model = model_class(config)
    load_strictly(model, {k: v.to(dtype) for k, v in tensors.items()}, str(path))
    return model.eval().requires_grad_(False), metadata


def load_strictly(model: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Load tensors into a model by name, with no copy; every key and shape must agree.

    Raises ValueError that lists the first differences.
    """
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in tensors.items()}
    problems = [f"{key} is missing" for key in expected if key not in given]
    problems += [f"{key} is not part of the model" for key in given if key not in expected]
    problems += [
        f"{key} has shape {given[key]} instead of {expected[key]}"
        for key in expected
        if key in given and given[key] != expected[key]
    ]
    if problems:
        shown = "; ".join(problems[:3])
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ValueError(
            f"{source} does not fit this {type(model).__name__}: {shown}{more}. Is it the weights "
            f"of another variant, or of another size?"
        )
    model.load_state_dict(tensors, assign=True)
