"""Interventions in a file: saved as the calls that made them, and made again from there.

    save_edits([bypass("single.3").during([0, 1]), steer(redder, 2)], "edits.json")
    with intervene(pipe, load_edits("edits.json", pipe)):
        pipe.paint(prompt)

    {
      "kind": "fluxlearn.edits",
      "version": 1,
      "tensors": "edits-3f2a91c0b7de.safetensors",
      "edits": [
        {"edit": "bypass", "arguments": {"blocks": ["single.3"]}, "steps": [0, 1]},
        {"edit": "steer", "arguments": {"direction": {…}, "strength": 2}}
      ]
    }

The JSON can be written by hand. Tensors lie beside it, in a file that is named after its content:
while the JSON is replaced, the old one still finds its own. The names of edits are those of
BUILDERS, and nothing else is called.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from fluxlearn.files import check_place, write_whole
from fluxlearn.sampling.interventions.blocks import bypass
from fluxlearn.sampling.interventions.data import from_data, to_data
from fluxlearn.sampling.interventions.heads import ablate_heads
from fluxlearn.sampling.interventions.intervention import Intervention
from fluxlearn.sampling.interventions.key_ids import shift_key_ids
from fluxlearn.sampling.interventions.knock_out import knock_out
from fluxlearn.sampling.interventions.patch import copy_row, patch
from fluxlearn.sampling.interventions.prompts import swap_padding, swap_prompt
from fluxlearn.sampling.interventions.steer import steer
from fluxlearn.sampling.interventions.values import scale, set_to

KIND, VERSION = "fluxlearn.edits", 1

BUILDERS: dict[str, Callable[..., Intervention]] = {
    "bypass": bypass,
    "scale": scale,
    "set_to": set_to,
    "ablate_heads": ablate_heads,
    "knock_out": knock_out,
    "patch": patch,
    "copy_row": copy_row,
    "steer": steer,
}
WITH_MODEL: dict[str, Callable[..., Intervention]] = {
    "shift_key_ids": shift_key_ids,
    "swap_prompt": swap_prompt,
    "swap_padding": swap_padding,
}
"""These ask the model for its sizes or its text encoders; a file does not hold those."""


def save_edits(interventions: Intervention | Iterable[Intervention], path: str | Path) -> Path:
    """Write interventions to a JSON file and, if they hold any, tensors beside it.

    path  ends in .json. Tensors of what it held before stay beside it.

    Raises TypeError for edits that are bare functions, ValueError for another ending,
    FileNotFoundError when the folder does not exist; nothing is half-written.
    """
    path = Path(path)
    _check_path(path)
    several = [interventions] if isinstance(interventions, Intervention) else list(interventions)
    tensors: dict[str, Tensor] = {}
    edits = [_as_data(one, str(row), tensors) for row, one in enumerate(several)]
    whole = {"kind": KIND, "version": VERSION, "tensors": None, "edits": edits}
    if tensors:
        content = save(tensors)
        whole["tensors"] = f"{path.stem}-{_digest(content)}.safetensors"
        write_whole(path.with_name(whole["tensors"]), content)
    return write_whole(path, json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False))


def load_edits(path: str | Path, model: Any = None) -> list[Intervention]:
    """Make the interventions of a file again.

    model  the pipeline or Flux they are for; needed for those of WITH_MODEL.

    Raises FileNotFoundError, or ValueError for a file that is not whole, for a version, an edit or
    an argument that is not known; TypeError when an edit needs a model and there is none.
    """
    path = Path(path)
    whole = _read(path)
    tensors = _read_tensors(path, whole.get("tensors"))
    return [_make(data, tensors, model) for data in whole["edits"]]


def _as_data(one: Any, key: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    if not isinstance(one, Intervention):
        raise TypeError(
            f"{one!r} is no intervention, so nobody knows how it was made. There are "
            f"{', '.join([*BUILDERS, *WITH_MODEL])}."
        )
    data = {"edit": one.builder, "arguments": to_data(one.arguments, key, tensors)}
    return data if one.steps is None else {**data, "steps": list(one.steps)}


def _make(data: Any, tensors: dict[str, Tensor], model: Any) -> Intervention:
    name = data.get("edit") if isinstance(data, dict) else data
    known = BUILDERS | WITH_MODEL
    if not isinstance(data, dict) or name not in known:
        near = get_close_matches(str(name), known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise ValueError(f"{name!r} is no edit. {hint}")
    arguments = from_data(data.get("arguments", {}), tensors)
    if name in WITH_MODEL and model is None:
        raise TypeError(f"{name!r} needs the model it is for: load_edits(path, pipe).")
    first = (model,) if name in WITH_MODEL else ()
    _check_arguments(name, inspect.signature(known[name]), first, arguments)
    made = known[name](*first, **arguments)
    return made if data.get("steps") is None else made.during(data["steps"])


def _check_arguments(
    name: str, signature: inspect.Signature, first: tuple[Any, ...], arguments: Any
) -> None:
    try:
        signature.bind(*first, **arguments)
    except TypeError as error:
        takes = list(signature.parameters)[len(first) :]
        raise ValueError(
            f"{name!r} was saved with other arguments than it takes: {error}. It takes "
            f"{', '.join(takes)}."
        ) from None


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Write one with save_edits().")
    try:
        whole = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not whole JSON ({error}). Was the copy cut short?") from None
    if not isinstance(whole, dict) or whole.get("kind") != KIND:
        raise ValueError(
            f"{path} holds no edits: kind {KIND!r} with a list of edits is expected. Write such a "
            f"file with save_edits()."
        )
    if not isinstance(whole.get("edits"), list):
        raise ValueError(
            f"the edits of {path} are {whole.get('edits')!r}, but a list of edits is expected. "
            f"Write such a file with save_edits()."
        )
    if whole.get("version") != VERSION:
        raise ValueError(
            f"{path} has version {whole.get('version')!r} of the format, but this fluxlearn reads "
            f"{VERSION}. Upgrade fluxlearn, or save the edits again."
        )
    return whole


def _read_tensors(path: Path, name: str | None) -> dict[str, Tensor]:
    if name is None:
        return {}
    beside = path.with_name(Path(str(name)).name)
    if beside.name != name or not beside.is_file():
        raise FileNotFoundError(
            f"{path} needs the tensors {name!r}, which are not beside it. Copy both files."
        )
    content = beside.read_bytes()
    if not beside.stem.endswith(_digest(content)):
        raise ValueError(
            f"{beside} is not what {path.name} was saved with. Was it changed, or cut short?"
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise ValueError(
            f"{beside} is not a safetensors file ({error}). Save the edits again."
        ) from None


def _check_path(path: Path) -> None:
    if path.suffix != ".json":
        raise ValueError(f"{path} ends in {path.suffix!r}, but edits are written to .json files.")
    check_place(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
