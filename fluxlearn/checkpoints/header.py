"""The head of a safetensors file: what is in it and where, before a single weight is read.

    bytes 0 … 7        n, the length of the header, as a little-endian whole number
    bytes 8 … 8 + n    JSON: {"img_in.bias": {"dtype": "BF16", "shape": [3072],
                                              "data_offsets": [0, 6144]}, …}
    the rest           the tensors' bytes, one tensor after the other, without a gap

After these checks every byte of the file belongs to exactly one tensor, so any one can be read
alone, from a disk or from the hub. Nothing is ever executed: numbers and names are all there is.

Source: https://huggingface.co/docs/safetensors.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
CODES = {dtype: code for code, dtype in DTYPES.items()}

LONGEST = 100_000_000
"""Bytes that the format allows a header to have."""

# What is often found under a name that ends in .safetensors, by its first bytes.
DISGUISES = {
    b"PK\x03\x04": "a zip archive of torch.save; its pickles can run any code and are never opened",
    b"\x80": "a pickle (.pt, .bin, .ckpt), which can run any code and is never opened",
    b"version ": "a pointer of git lfs, not the file itself; fetch that with `git lfs pull`",
    b"<": "a web page, perhaps a login form or an error that was saved instead of the file",
    b"{": "a text file",
    b"GGUF": "a GGUF file, whose quantised weights are not read here",
    b"\x89HDF": "an HDF5 file",
    b"\x1f\x8b\x08": "a gzip archive; unpack it first",
}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One tensor as it lies in a file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int  # its first byte, counted from the beginning of the file
    end: int  # the byte after its last


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says about itself."""

    tensors: dict[str, Stored]  # in the order of their bytes
    metadata: dict[str, str]


def damaged(source: str, what: str) -> ValueError:
    """The error for a file that is not what its name says."""
    return ValueError(
        f"{source} is not a whole safetensors file: {what}. It may be truncated, damaged or of "
        f"another kind. Nothing of it was used; download it again."
    )


def header_length(first: bytes, size: int, source: str) -> int:
    """The n of a file's first eight bytes.

    size  of the whole file in bytes.

    Raises ValueError when such a header cannot be in such a file.
    """
    if size < 8 or len(first) < 8:
        raise damaged(source, f"it has {size} bytes, too few for a header")
    length = int.from_bytes(first[:8], "little")
    if length > min(LONGEST, size - 8):
        for start, kind in DISGUISES.items():
            # One byte may as well belong to a length that was right before the file was cut.
            if first.startswith(start) and (len(start) > 1 or length > LONGEST):
                raise damaged(source, f"it is {kind}")
        raise damaged(source, f"its header would be {length} bytes long in a file of {size}")
    return length


def parse_header(text: bytes, size: int, source: str) -> Header:
    """Read a header.

    text  the n bytes after the first eight.
    size  of the whole file in bytes.

    Raises ValueError when it does not describe a file of this size byte by byte.
    """
    try:
        entries = parse_json(text)
    except ValueError as error:
        raise damaged(source, f"its header cannot be read ({error})") from None
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise damaged(source, "its metadata is no table of texts")
    begin = 8 + len(text)
    tensors = {name: _stored(name, entry, begin, source) for name, entry in entries.items()}
    tensors = dict(sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)))
    _check_order(tensors, begin, size, source)
    return Header(tensors=tensors, metadata=metadata)


def write_header(
    tensors: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], metadata: dict[str, str]
) -> bytes:
    """The first 8 + n bytes of a file whose tensors follow in this order."""
    entries: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, (dtype, shape) in tensors.items():
        start, end = end, end + byte_count(dtype, shape)
        entries[name] = {"dtype": CODES[dtype], "shape": shape, "data_offsets": (start, end)}
    text = json.dumps(entries, separators=(",", ":")).encode()
    # Tensors begin at a multiple of 8, so that programs which map the file into memory may.
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def byte_count(dtype: torch.dtype, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor."""
    count = dtype.itemsize
    for length in shape:
        count *= length
    return count


def parse_json(text: bytes) -> dict[str, Any]:
    """A JSON table in which no name occurs twice.

    Raises ValueError for anything else.
    """
    try:
        table = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ValueError(str(error)[:80]) from None
    if not isinstance(table, dict):
        raise ValueError("it is no table")
    return table


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"{name!r} occurs twice")
        table[name] = value
    return table


def _stored(name: str, entry: Any, begin: int, source: str) -> Stored:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise damaged(source, f"{name} has no dtype, shape and data_offsets")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        raise damaged(source, f"{name} has the dtype {code!r}, and there are {', '.join(DTYPES)}")
    if not _whole_numbers(shape):
        raise damaged(source, f"{name} has the shape {shape!r}")
    if not _whole_numbers(offsets) or len(offsets) != 2:
        raise damaged(source, f"{name} has the data_offsets {offsets!r}")
    start, end = offsets
    needed = byte_count(DTYPES[code], tuple(shape))
    if end - start != needed:
        raise damaged(source, f"{name} has {end - start} bytes, but {code} {shape} is {needed}")
    return Stored(dtype=DTYPES[code], shape=tuple(shape), start=begin + start, end=begin + end)


def _whole_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 2**62 for v in values)


def _check_order(tensors: dict[str, Stored], begin: int, size: int, source: str) -> None:
    """One tensor ends where the next begins, and the last where the file ends."""
    reached, before = begin, "the header"
    for name, stored in tensors.items():
        if stored.start != reached:
            relation = "overlaps with" if stored.start < reached else "leaves a gap after"
            raise damaged(source, f"{name} {relation} {before}")
        reached, before = stored.end, name
    if reached != size:
        raise damaged(source, f"its header describes {reached} bytes, but it has {size}")
