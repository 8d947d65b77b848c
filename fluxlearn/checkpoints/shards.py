"""Which of several files holds which tensor: `….safetensors.index.json`.

    {"metadata": {"total_size": 23802816640},
     "weight_map": {"proj_out.bias": "diffusion_pytorch_model-00003-of-00003.safetensors", …}}

FLUX.1's repositories keep the transformer (in diffusers' names) in three such files and T5 in two.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from fluxlearn.checkpoints.header import parse_json

INDEX = ".safetensors.index.json"


def parse_index(text: bytes, source: str) -> dict[str, str]:
    """The name of the file that holds each tensor.

    Raises ValueError for anything but a table of plain file names.
    """
    try:
        files = parse_json(text).get("weight_map")
    except ValueError as error:
        raise _no_index(source, f"it cannot be read ({error})") from None
    if not isinstance(files, dict) or not files:
        raise _no_index(source, "it has no weight_map")
    for tensor, file in files.items():
        # A name with a path in it could lead out of the folder.
        plain = isinstance(file, str) and Path(file).name == file and "\\" not in file
        if not plain or not file.endswith(".safetensors"):
            raise _no_index(
                source, f"{tensor} is in {file!r}, which is no safetensors file beside it"
            )
    return files


def find_files(path: Path) -> tuple[list[Path], dict[str, str] | None]:
    """The safetensors files of a checkpoint, and the index's tensor → file, if there is one.

    path  a file, an index, or a folder with one of either.

    Raises FileNotFoundError or ValueError when files are missing or it is not clear which to read.
    """
    if path.is_dir():
        path = _only_one(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist. Is the path right?")
    if not path.name.endswith(".json"):
        return [path], None
    index = parse_index(path.read_bytes(), str(path))
    files = [path.parent / name for name in dict.fromkeys(index.values())]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{path} names {len(files)} files, but {', '.join(missing[:3])} is not there. "
            f"Was the download interrupted? Fetch what is missing."
        )
    return files, index


def divide(sizes: Mapping[str, int], limit: int | None) -> list[list[str]]:
    """Tensors by file, in their order, so that no file holds more than `limit` bytes of them.

    sizes  of each tensor in bytes. One that is larger than the limit gets a file to itself.
    limit  None for one file.
    """
    parts: list[list[str]] = [[]]
    size = room = math.inf if limit is None else limit
    for name, count in sizes.items():
        if count > room and parts[-1]:
            parts.append([])
            room = size
        parts[-1].append(name)
        room -= count
    return parts


def file_names(stem: str, count: int) -> list[str]:
    """The names of the files that hold one model, as transformers and diffusers write them."""
    if count == 1:
        return [f"{stem}.safetensors"]
    return [f"{stem}-{i + 1:05}-of-{count:05}.safetensors" for i in range(count)]


def check_index(index: dict[str, str], found: dict[str, list[str]], source: str) -> None:
    """Compare an index with the files it speaks of.

    found  the names of the files in which each tensor is.

    Raises ValueError that names the first tensor that is missing, elsewhere, or there twice.
    """
    for tensor, files in found.items():
        if len(files) > 1:
            raise ValueError(
                f"{source}: {tensor} is in {files[0]} and in {files[1]}. Were files of two "
                f"downloads mixed? Remove one, or download again."
            )
        if (named := index.get(tensor, "no file")) != files[0]:
            raise ValueError(
                f"{source} says that {tensor} is in {named}, but it is in {files[0]}. "
                f"The index belongs to other files; download it again."
            )
    for tensor, file in index.items():
        if tensor not in found:
            raise ValueError(
                f"{source} says that {tensor} is in {file}, but it is not. "
                f"The index belongs to other files; download it again."
            )


def _no_index(source: str, what: str) -> ValueError:
    return ValueError(
        f"{source} is no index of safetensors files: {what}. Was it damaged on its way? Download "
        f"it again."
    )


def _only_one(folder: Path) -> Path:
    """The folder's index, or else its one safetensors file."""
    for pattern in (f"*{INDEX}", "*.safetensors"):
        files = sorted(folder.glob(pattern))
        if len(files) == 1:
            return files[0]
        if files:
            raise ValueError(
                f"{folder} has {len(files)} files that could be meant: "
                f"{', '.join(file.name for file in files[:3])}. Name the one to read; if they are "
                f"parts of one model, their {INDEX} is missing."
            )
    names = sorted(file.name for file in folder.iterdir())
    pickled = [name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt"))]
    if pickled:
        raise FileNotFoundError(
            f"{folder} has {pickled[0]} but no *.safetensors. Pickled files can run any code and "
            f"are never opened here; look for a release with safetensors."
        )
    raise FileNotFoundError(
        f"{folder} has no *.safetensors ({', '.join(names[:4]) or 'it is empty'}). "
        f"Is the path right?"
    )
