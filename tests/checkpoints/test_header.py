"""Headers and indices: what is written is read, and no bytes whatever make them lie or crash."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from fluxlearn.checkpoints.checkpoint import open_checkpoint
from fluxlearn.checkpoints.header import (
    DTYPES,
    byte_count,
    header_length,
    parse_header,
    write_header,
)
from fluxlearn.checkpoints.shards import parse_index
from fluxlearn.checkpoints.stream import stream_tensors

SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple)
TENSORS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "__metadata__"),
    st.tuples(st.sampled_from(list(DTYPES.values())), SHAPES),
    max_size=5,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from([*DTYPES, "F4"]) | JSON,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | JSON,
        "data_offsets": st.lists(st.integers(-1, 64), min_size=1, max_size=3) | JSON,
    }
)


def check(header, begin, size):
    """Every byte behind the header belongs to exactly one tensor."""
    reached = begin
    for stored in header.tensors.values():
        assert stored.start == reached
        assert stored.end - stored.start == byte_count(stored.dtype, stored.shape)
        reached = stored.end
    assert reached == size


@settings(max_examples=50)
@given(tensors=TENSORS, metadata=st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_a_header_that_was_written_is_read(tensors, metadata):
    written = write_header(tensors, metadata)
    size = len(written) + sum(byte_count(*tensor) for tensor in tensors.values())

    header = parse_header(written[8:], size, "x")

    assert header_length(written[:8], size, "x") == len(written) - 8
    assert {k: (s.dtype, s.shape) for k, s in header.tensors.items()} == tensors
    assert header.metadata == metadata
    check(header, len(written), size)


@settings(max_examples=100)
@given(text=st.binary(max_size=60), size=st.integers(0, 100))
def test_any_bytes_are_a_sound_header_or_an_error(text, size):
    try:
        header = parse_header(text, size, "x")
    except ValueError as error:
        assert "x is not a whole safetensors file" in str(error)
    else:
        check(header, 8 + len(text), size)


@settings(max_examples=150)
@given(
    table=st.dictionaries(st.text(max_size=3), ENTRY | JSON, max_size=3), size=st.integers(0, 64)
)
def test_any_table_is_a_sound_header_or_an_error(table, size):
    text = json.dumps(table).encode()
    size += 8 + len(text)
    try:
        header = parse_header(text, size, "x")
    except ValueError as error:
        assert "x is not a whole safetensors file" in str(error)
    else:
        check(header, 8 + len(text), size)


@settings(max_examples=100)
@given(data=st.data())
def test_a_flipped_bit_is_an_error_or_another_sound_header(data):
    written = write_header({"a": (torch.float32, (2, 3)), "b": (torch.uint8, ())}, {})
    place = data.draw(st.integers(0, 8 * len(written) - 1))
    written, size = bytearray(written + bytes(25)), len(written) + 25
    written[place // 8] ^= 1 << place % 8
    try:
        length = header_length(bytes(written[:8]), size, "x")
        header = parse_header(bytes(written[8 : 8 + length]), size, "x")
    except ValueError as error:
        assert "x is not a whole safetensors file" in str(error)
    else:
        check(header, 8 + length, size)


@settings(max_examples=100)
@given(
    text=st.binary(max_size=40)
    | st.fixed_dictionaries({"weight_map": JSON | st.dictionaries(st.text(), st.text())}).map(
        lambda table: json.dumps(table).encode()
    )
)
def test_any_bytes_are_an_index_of_plain_names_or_an_error(text):
    try:
        index = parse_index(text, "x")
    except ValueError as error:
        assert "x is no index of safetensors files" in str(error)
    else:
        assert all(name.endswith(".safetensors") and "/" not in name for name in index.values())


@pytest.mark.parametrize("code", DTYPES)
def test_what_is_streamed_is_what_safetensors_reads(code, tmp_path):
    file, values = tmp_path / "x.safetensors", torch.arange(6.0).reshape(2, 3).to(DTYPES[code])
    tensors = {"a.b": values, "number": values[0, 1], "none": values[:0]}

    stream_tensors(file, tensors, tensors.items(), {"by": "us"})

    with safe_open(file, framework="pt") as read:
        assert read.metadata() == {"by": "us"}
        for name, tensor in tensors.items():
            assert read.get_tensor(name).dtype == tensor.dtype
            assert torch.equal(read.get_tensor(name).float(), tensor.float())


@pytest.mark.parametrize("code", DTYPES)
def test_what_safetensors_writes_is_read(code, tmp_path):
    file, values = tmp_path / "x.safetensors", torch.arange(6.0).reshape(2, 3).to(DTYPES[code])
    tensors = {"a.b": values, "number": values[0, 1].clone(), "none": values[:0].clone()}
    save_file(tensors, file, {"by": "them"})

    read = open_checkpoint(file)

    assert read.metadata == {"by": "them"} and set(read) == set(tensors)
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype and read[name].shape == tensor.shape
        assert torch.equal(read[name].float(), tensor.float())
