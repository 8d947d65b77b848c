"""Arguments as data: JSON for what can be read, tensors for the rest.

    2, "vec", None, [0, 1]      as they are
    a tensor                    {"is": "tensor", "key": "0.direction.vector"}
    one of KINDS                {"is": "direction", "point": "vec", "vector": {…}, …}

Nothing but these is ever made from a file: no code, no pickles.
"""

from dataclasses import fields
from typing import Any

from torch import Tensor

from fluxlearn.sampling.interventions.patch import Recording
from fluxlearn.sampling.interventions.steer import Direction
from fluxlearn.text.conditioning import Conditioning

KINDS = {"conditioning": Conditioning, "direction": Direction, "recording": Recording}


def to_data(value: Any, key: str, tensors: dict[str, Tensor]) -> Any:
    """An argument as JSON; tensors are put into `tensors`.

    key  names the argument, and the tensors in it.

    Raises TypeError for what is neither data nor one of KINDS.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        tensors[key] = value.detach().cpu().contiguous().clone()
        return {"is": "tensor", "key": key}
    if isinstance(value, list | tuple):
        return [to_data(one, f"{key}.{i}", tensors) for i, one in enumerate(value)]
    if isinstance(value, dict):
        return {name: to_data(one, f"{key}.{name}", tensors) for name, one in value.items()}
    for kind, cls in KINDS.items():
        if isinstance(value, cls):
            parts = {f.name: getattr(value, f.name) for f in fields(cls)}
            return {"is": kind, **to_data(parts, key, tensors)}
    raise TypeError(
        f"{key} is a {type(value).__name__}, but numbers, text, lists, tensors, "
        f"{', '.join(KINDS)} can be written."
    )


def from_data(data: Any, tensors: dict[str, Tensor]) -> Any:
    """The argument that `to_data` turned into this.

    Raises ValueError for a kind that is not known, and for a tensor or a part that is missing.
    """
    if isinstance(data, list):
        return [from_data(one, tensors) for one in data]
    if not isinstance(data, dict):
        return data
    kind = data.get("is")
    if kind == "tensor":
        if data.get("key") not in tensors:
            raise ValueError(f"the tensor {data.get('key')!r} is missing. Is the file complete?")
        return tensors[data["key"]]
    parts = {name: from_data(one, tensors) for name, one in data.items() if name != "is"}
    if kind is None:
        return parts
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of value. There are tensor, {', '.join(KINDS)}.")
    expected = {f.name for f in fields(KINDS[kind])}
    if parts.keys() != expected:
        raise ValueError(
            f"a {kind} needs {', '.join(sorted(expected))}, but has {', '.join(sorted(parts))}. "
            f"Save the edits again, or mend the file."
        )
    whole = {name: tuple(one) if isinstance(one, list) else one for name, one in parts.items()}
    return KINDS[kind](**whole)
