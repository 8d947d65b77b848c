"""The page of results: every figure on it was measured in the run that wrote it."""

import platform
from datetime import date
from importlib.metadata import version

import cpuinfo
import torch
from benchmarks.race import Row

from fluxlearn.trace.sizes import readable as readable_bytes

HEAD = """# Results

{how}. Contenders take turns, each round in the other order. A figure is the median over the rounds,
and a ratio the median over the rounds of ours divided by theirs, with its middle half behind it.
Below 1 we need less. `make bench` writes this page.

"""


def page(rows: list[Row]) -> str:
    """The results as Markdown."""
    return HEAD.format(how=conditions()) + "\n".join(table(rows)) + "\n"


def table(rows: list[Row]) -> list[str]:
    """One line a row, columns aligned."""
    cells = [("what", "ours", "theirs", "against", "ratio", "middle half", "goal")]
    cells += [described(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, tuple("-" * width for width in widths))
    return [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]


def described(row: Row) -> tuple[str, ...]:
    """The cells of one row."""
    ours = readable(row.ours, row.unit)
    if row.ratio is None or row.theirs is None:
        return row.what, ours, "", "", "", "", row.goal
    low, middle, high = row.ratio
    theirs = readable(row.theirs, row.unit)
    return row.what, ours, theirs, row.against, f"{middle:.3f}", f"{low:.3f}–{high:.3f}", row.goal


def readable(value: float, unit: str) -> str:
    """Seconds, milliseconds or bytes with three digits."""
    if unit == "B":
        return readable_bytes(value)
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def conditions() -> str:
    """When, where and with what was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers"))
    return (
        f"Measured on {date.today()} on {cpuinfo.get_cpu_info()['brand_raw']}, "
        f"{torch.get_num_threads()} threads, {platform.system()}; Python "
        f"{platform.python_version()}, {versions}"
    )
