"""What a sweep adds to its paintings, and how many it gets through.

Every cell scales the vector that modulates all blocks, so that no cell is cheaper than a painting
without an edit. Measuring, the progress bar and a file with every number so far are part of it.
"""

from dataclasses import replace
from itertools import count

from benchmarks.attention import PROMPT

from fluxlearn.load import load
from fluxlearn.sampling.interventions.values import scale
from fluxlearn.sampling.sweeps.grid import grid
from fluxlearn.sampling.sweeps.measures import pixel_distance
from fluxlearn.sampling.sweeps.sweep import sweep

CELLS = grid(lambda factor: scale("vec", factor), factor=[0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4])
PAINTINGS = 8  # the cells, and their baseline


def test_sweeping(race, note, quick, tmp_path):
    pipe, steps = load("toy-dev"), 2 if quick else 20
    prompt, files = pipe.text(PROMPT), count()

    def swept():
        path = tmp_path / f"{next(files)}.safetensors"
        return sweep(pipe, prompt, CELLS, pixel_distance, path=path, steps=steps)

    def painted():
        for _ in range(PAINTINGS):
            pipe.paint(prompt, steps=steps)

    assert swept().done.all()
    contenders = {"sweep": swept, "8 paintings": painted}
    (row,) = race("a sweep of 7 cells, toy-dev, 20 steps", "stated", contenders, rounds=7)

    one = row.ours / PAINTINGS
    note([replace(row, what="one painting of it", ours=one, theirs=None, ratio=None, against="")])
