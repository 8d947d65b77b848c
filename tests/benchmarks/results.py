"""The page of results: every figure on it was measured in the run that wrote it."""

import platform
from datetime import date
from importlib.metadata import version

import cpuinfo
import torch
from benchmarks.race import Row

HEAD = """# Results

{how}. Contenders take turns, each round in the other order. A time is the median over the rounds; a
ratio is the median over the rounds of our time divided by theirs, with its middle half behind it.
Below 1 we are faster. `make bench` writes this page.

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
    if row.ratio is None or row.their_seconds is None:
        return row.what, readable(row.seconds), "", "", "", "", row.goal
    low, middle, high = row.ratio
    ours, theirs = readable(row.seconds), readable(row.their_seconds)
    return row.what, ours, theirs, row.against, f"{middle:.3f}", f"{low:.3f}–{high:.3f}", row.goal


def readable(seconds: float) -> str:
    """Seconds or milliseconds with three digits."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def conditions() -> str:
    """When, where and with what was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers"))
    return (
        f"Measured on {date.today()} on {cpuinfo.get_cpu_info()['brand_raw']}, "
        f"{torch.get_num_threads()} threads, {platform.system()}; Python "
        f"{platform.python_version()}, {versions}"
    )
