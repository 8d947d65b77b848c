"""The most memory that one contender of `attention.forward` takes, in a process of its own.

    python -m benchmarks.peak attend [quick]          prints bytes

What a process took before it let go of it cannot be told apart from what it will take again, so
each contender has a process to itself. Its peak holds all: Python, torch, weights and activations.
"""

import os
import subprocess
import sys
from pathlib import Path

import torch

STATUS = Path("/proc/self/status")  # Linux only


def measure(name: str, quick: bool) -> int:
    """Bytes, from a new process."""
    command = [sys.executable, "-m", __name__, name, *(["quick"] if quick else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    return int(done.stdout)


def peak_bytes() -> int:
    """The most that this process has held so far."""
    if STATUS.exists():
        # Not getrusage, which begins with what the process held that started this one.
        (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(name: str, *options: str) -> None:
    """Run a contender once."""
    from benchmarks.attention import forward

    run = forward("quick" in options)[name]
    with torch.inference_mode():
        run()
    print(peak_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
