"""What walking costs: a painting with a stop at every stage, against one that runs through.

The pass has a thread of its own, and each stage is told with its source line. Nobody looks at the
stages here: what a card or a thumbnail costs is not in it.
"""

from dataclasses import replace

import pytest
from benchmarks.attention import PROMPT

from fluxlearn.load import load
from fluxlearn.sampling.walk import walk


@pytest.fixture
def painting(quick):
    """toy-dev with its prompt encoded, and how many steps it takes."""
    pipe = load("toy-dev")
    return pipe, pipe.text(PROMPT), 2 if quick else 20


def test_walking_through_one_step(race, painting):
    pipe, prompt, steps = painting

    contenders = {
        "walk": lambda: sum(1 for _ in walk(pipe, prompt, steps=steps)),
        "paint": lambda: pipe.paint(prompt, steps=steps),
    }
    race("walk through one step of 20, toy-dev", "stated", contenders, rounds=9)


def test_walking_through_every_step(race, note, painting):
    pipe, prompt, steps = painting
    stages = sum(1 for _ in walk(pipe.paint, prompt, steps=steps))

    contenders = {
        "walk": lambda: sum(1 for _ in walk(pipe.paint, prompt, steps=steps)),
        "paint": lambda: pipe.paint(prompt, steps=steps),
    }
    (row,) = race("walk through all 20 steps, toy-dev", "stated", contenders, rounds=9)

    one = (row.ours - row.theirs) / stages
    note([replace(row, what="one stop of it", ours=one, theirs=None, ratio=None, against="")])
