"""What it costs to map 8 words over all blocks and steps, by `attend` and by whole matrices.

At the toy's size, 84 tokens, one sees the Python around the arithmetic, and the text being embedded
at every step because somebody listens. At full width, 1024 image and 512 text tokens, one sees the
arithmetic: one more attention a block. Attention takes a larger share of a model call the more
tokens there are, so the ratio grows with the picture.
"""

import sys

import pytest
import torch
from benchmarks.attention import PLAIN, WHOLE, forward, painting
from benchmarks.peak import measure
from benchmarks.race import compare

BLOCKS = "2 + 2 blocks at full width, 1536 tokens"


def check_same(contenders) -> None:
    """The same work: both ways give the same maps."""
    torch.testing.assert_close(contenders["attend"](), contenders[WHOLE](), atol=1e-5, rtol=0)


def test_attend_on_a_painting(race, quick):
    contenders = painting(steps=2 if quick else 20)
    check_same(contenders)

    race("maps of 8 words, toy-dev, 20 steps", {PLAIN: "≤ 1.30"}, contenders, rounds=15)


@torch.inference_mode()
def test_attend_at_full_width(race, quick):
    contenders = forward(quick)
    check_same(contenders)

    race(f"maps of 8 words, {BLOCKS}", {PLAIN: "≤ 1.30"}, contenders, rounds=3)


@pytest.mark.skipif(sys.platform == "win32", reason="no way to ask for the peak there")
def test_memory_of_attend_at_full_width(benchmark, note, quick):
    held = {name: [] for name in ("attend", PLAIN, WHOLE)}

    def turn():
        for name, measured in held.items():
            measured.append(measure(name, quick))

    benchmark.pedantic(turn, rounds=2)

    note(compare(f"peak memory of a process, {BLOCKS}", {PLAIN: "≤ 1.10"}, held, unit="B"))
