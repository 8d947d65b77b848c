"""Files that are no whole safetensors file: cut, flipped, disguised, or telling untruths."""

import json
import pickle
import struct
from pathlib import Path

import torch
from bad_input.calls import Case, reading, whole

from fluxlearn.checkpoints.checkpoint import open_checkpoint

WHOLE = "is not a whole safetensors file"


def filled(content: bytes):
    """Opening a file with this content."""

    def call(folder):
        path = folder / "m.safetensors"
        path.write_bytes(content)
        return open_checkpoint(path)

    return call


def with_header(text: bytes, data: bytes = b""):
    """Opening a file with this header."""
    return filled(struct.pack("<Q", len(text)) + text + data)


def entry(**changes):
    """A header of one tensor with changes, None leaves out; its eight bytes follow."""
    table = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes
    text = json.dumps({"a": {k: v for k, v in table.items() if v is not None}})
    return with_header(text.encode(), bytes(8))


def entries(**offsets):
    """A header of tensors of single bytes, by their offsets; sixteen bytes follow."""
    table = {
        name: {"dtype": "U8", "shape": [end - start], "data_offsets": [start, end]}
        for name, (start, end) in offsets.items()
    }
    return with_header(json.dumps(table).encode(), bytes(16))


def cut(end: int):
    """A model's file of which the rest is missing."""

    def write(path: Path):
        whole(path)
        path.write_bytes(path.read_bytes()[:end])

    return reading(write)


def lengthened(path: Path) -> None:
    whole(path)
    path.write_bytes(path.read_bytes() + b"0")


# fmt: off
ROWS = [
    ("a file without a byte", filled(b""), ("0 bytes", "too few")),
    ("a file of seven bytes", filled(b"1234567"), ("7 bytes", "too few")),
    ("a header of no bytes", filled(bytes(8)), (WHOLE, "cannot be read")),
    ("a header without an end", with_header(b"{"), ("cannot be read",)),
    ("a header of 99 bytes in 10", filled(struct.pack("<Q", 99) + b"{}"), ("99 bytes long",)),
    ("a header of 2⁶³ bytes", filled(struct.pack("<Q", 2**63) + b"{}"), ("in a file of 10",)),
    ("a file cut in its header", cut(200), ("bytes long in a file of 200",)),
    ("a file without its last byte", cut(-1), (WHOLE, "its header describes")),
    ("a file cut in the middle", cut(-20_000), ("its header describes", "truncated")),
    ("a file with a byte too many", reading(lengthened), ("its header describes",)),
    ("a zip archive", filled(b"PK\x03\x04" + bytes(50)), ("zip archive", "never opened")),
    ("what torch.save wrote", reading(lambda p: torch.save({"a": torch.ones(9)}, p)),
     ("zip archive", "never opened")),
    ("a pickle of protocol 2", filled(pickle.dumps({"a": [1] * 99}, 2)), ("a pickle", "never")),
    ("a pickle of protocol 5", filled(pickle.dumps({"a": [1] * 99}, 5)), ("a pickle", "never")),
    ("a pointer of git lfs", filled(b"version https://git-lfs.github.com/spec/v1\noid 1"),
     ("git lfs pull",)),
    ("a web page", filled(b"<!DOCTYPE html><html>Please log in</html>"), ("web page", "login")),
    ("an error in JSON", filled(b'{"error": "Invalid username or password."}'), ("a text file",)),
    ("a GGUF file", filled(b"GGUF\x03\x00\x00\x00" + bytes(50)), ("GGUF", "quantised")),
    ("an HDF5 file", filled(b"\x89HDF\r\n\x1a\n" + bytes(50)), ("HDF5",)),
    ("a gzip archive", filled(b"\x1f\x8b\x08\x00" + bytes(50)), ("unpack it",)),
    ("noise", filled(bytes(range(99, 255))), ("its header would be",)),
    ("a header that is no UTF-8", with_header(b'{"\xff\xff": 1}'), ("cannot be read",)),
    ("a header that is no JSON", with_header(b"{'a': 1}"), ("cannot be read",)),
    ("a header that is a list", with_header(b"[1, 2]"), ("it is no table",)),
    ("a header that is a number", with_header(b"42"), ("it is no table",)),
    ("a header of 100 000 brackets", with_header(b"[" * 100_000), ("cannot be read",)),
    ("a name that occurs twice", with_header(b'{"a": 1, "a": 2}'), ("'a' occurs twice",)),
    ("an entry that is a number", with_header(b'{"a": 1}'), ("a has no dtype, shape",)),
    ("metadata that are a list", with_header(b'{"__metadata__": []}'), ("no table of texts",)),
    ("metadata that are numbers", with_header(b'{"__metadata__": {"a": 1}}'), ("no table",)),
    ("a tensor without a dtype", entry(dtype=None), ("a has no dtype",)),
    ("a tensor with something more", entry(strides=[1]), ("a has no dtype, shape",)),
    ("a dtype of four bits", entry(dtype="F4"), ("'F4'", "BF16")),
    ("a dtype that is a number", entry(dtype=32), ("has the dtype 32",)),
    ("a negative shape", entry(shape=[-2]), ("shape [-2]",)),
    ("a shape in parts", entry(shape=[1.5]), ("shape [1.5]",)),
    ("a shape in words", entry(shape="two"), ("shape 'two'",)),
    ("a shape that is true", entry(shape=[True, 2]), ("shape [True, 2]",)),
    ("a shape of 2¹²⁰ numbers", entry(shape=[2**60, 2**60]), ("a has 8 bytes, but F32",)),
    ("a shape beyond every number", entry(shape=[2**70]), ("has the shape",)),
    ("negative offsets", entry(data_offsets=[-8, 0]), ("data_offsets [-8, 0]",)),
    ("three offsets", entry(data_offsets=[0, 4, 8]), ("data_offsets [0, 4, 8]",)),
    ("offsets backwards", entry(data_offsets=[8, 0]), ("a has -8 bytes",)),
    ("offsets that are NaN", entry(data_offsets=[0, float("nan")]), ("data_offsets [0, nan]",)),
    ("offsets behind the end", entry(data_offsets=[8, 16]), ("leaves a gap after the header",)),
    ("bytes for another dtype", entry(dtype="F64"), ("a has 8 bytes, but F64 [2] is 16",)),
    ("tensors that overlap", entries(a=(0, 9), b=(8, 16)), ("b overlaps with a",)),
    ("tensors with a gap", entries(a=(0, 7), b=(8, 16)), ("b leaves a gap after a",)),
    ("the same bytes twice", entries(a=(0, 16), b=(0, 16)), ("b overlaps with a",)),
    ("bytes that belong to none", entries(a=(0, 15)), ("its header describes",)),
]
# fmt: on

CASES = [Case(name, call, ValueError, words) for name, call, words in ROWS]
