"""How long `import fluxlearn` takes when torch is imported already."""

import subprocess
import sys
from statistics import median

from benchmarks.race import Row

PROGRAM = """
from time import perf_counter
import torch
began = perf_counter()
import fluxlearn
print(perf_counter() - began)
"""


def import_once() -> float:
    """Seconds, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    return float(done.stdout)


def test_import(benchmark, note, quick):
    seconds = []

    benchmark.pedantic(lambda: seconds.append(import_once()), rounds=2 if quick else 9)

    note([Row(what="import fluxlearn, beyond torch", goal="≤ 300 ms", ours=median(seconds))])
