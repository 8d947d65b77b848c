"""How much memory there is, and what to say when it is too little.

needed > all there is     refused: the system would end the program part way
needed > what is free     a warning: it may fit if other programs give some back
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

from fluxlearn.trace.sizes import TooLargeError, readable

MEMINFO = Path("/proc/meminfo")  # Linux only


@dataclass(frozen=True, kw_only=True)
class Memory:
    """The memory of a device, in bytes."""

    device: str
    free: int  # what could be had now
    total: int  # what could be had if nothing else ran


def memory_of(device: str | torch.device) -> Memory | None:
    """The memory behind a device, or None where the system does not tell."""
    device = torch.device(device)
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        # What PyTorch keeps of what it gave back is free for us, though not for others.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return Memory(device=str(device), free=free + kept, total=total)
    if device.type != "cpu" or not MEMINFO.exists():
        return None
    lines = (line.split() for line in MEMINFO.read_text("ascii").splitlines())
    kilobytes = {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1}
    if "MemAvailable" not in kilobytes:
        return None
    swap = 1024 * kilobytes.get("SwapTotal", 0)
    return Memory(
        device="this computer",
        free=1024 * kilobytes["MemAvailable"],
        total=1024 * kilobytes["MemTotal"] + swap,
    )


def make_sure_of(needed: int, device: str | torch.device, what: str, cure: str) -> None:
    """Warn when so many bytes are not free on a device.

    what  that needs them: "painting 1 picture of 1024 × 1024 pixels".

    Raises TooLargeError when there are not so many at all.
    """
    memory = memory_of(device)
    if memory is None or needed <= memory.free:
        return
    if needed > memory.total:
        raise TooLargeError(
            f"{what} needs {readable(needed)}, more than the {readable(memory.total)} that "
            f"{memory.device} has. {cure}"
        )
    warnings.warn(
        f"{what} needs {readable(needed)}, but {readable(memory.free)} are free on "
        f"{memory.device}. Close other programs. {cure}",
        stacklevel=3,
    )
