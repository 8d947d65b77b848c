"""How many whole blocks fit into an ONNX file that holds its weights inside?

    an ONNX file is one protobuf message, and a message ends at 2 GiB = 2³¹ bytes

block_weights is the number of weights of one block, bytes_each is 4 in float32 and 2 in bfloat16.
The graph itself is small and may be left out.
"""

import torch

from fluxlearn.exercises.chapter_14.double_weights import double_weights
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def blocks_that_fit(block_weights: int, bytes_each: int) -> int:
    """Rounded down: a block that does not fit whole does not fit."""
    return 2**31 // (block_weights * bytes_each)


def by_counting(block_weights: int, bytes_each: int) -> int:
    """A block has so many bytes; how often do they go into the file?"""
    size, left = block_weights * bytes_each, 2 * 1024**3
    return (left - left % size) // size


def rounded_up(block_weights: int, bytes_each: int) -> int:
    """The last block is cut in two: only whole ones count."""
    return -(-(2**31) // (block_weights * bytes_each))


def decimal(block_weights: int, bytes_each: int) -> int:
    """This takes 2 GB for 2 · 10⁹ bytes: the limit is 2 GiB, 2³¹."""
    return 2 * 10**9 // (block_weights * bytes_each)


def unsigned(block_weights: int, bytes_each: int) -> int:
    """This takes 4 GiB: a message's length has a sign, so its limit is 2³¹."""
    return 2**32 // (block_weights * bytes_each)


def always_float32(block_weights: int, bytes_each: int) -> int:
    """Every weight is taken for four bytes: bytes_each says how many it has."""
    return 2**31 // (block_weights * 4)


def in_bits(block_weights: int, bytes_each: int) -> int:
    """The size is in bits: bytes_each is in bytes already."""
    return 2**31 // (block_weights * bytes_each * 8)


def inputs(generator: torch.Generator) -> tuple[int, int]:
    """Blocks of some million weights, in bfloat16."""
    return int(torch.randint(10**6, 10**7, (), generator=generator)), 2


def recorded(trained: Trained) -> tuple[int, int]:
    """toy-dev's double blocks in float32."""
    config = trained.pipe.flux.config
    return double_weights(config.hidden_size, config.head_dim), 4


EXERCISE = Exercise(
    solution=blocks_that_fit,
    other=by_counting,
    mistakes=(rounded_up, decimal, unsigned, always_float32, in_bits),
    hints=(
        "How many bytes has one block?",
        "2 GiB are 2 · 1024 · 1024 · 1024 = 2³¹ bytes.",
        "2**31 // (block_weights * bytes_each)",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)
