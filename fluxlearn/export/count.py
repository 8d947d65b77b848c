"""Parameters and FLOPs of a model, part by part.

    >>> count(PRESETS["flux-dev"]).flops                 # 1024 × 1024 pixels, 512 text tokens
    74384653418496

The numbers are the formulas of `formulas.py` with a config and lengths put in; they agree exactly
with `torch.utils.flop_counter` and with the weights. Modulation works on one vector a picture: it
holds more than a quarter of FLUX.1-dev and takes next to no time. Attention holds nothing, and its
share of the time grows with the number of tokens.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sympy import Expr

from fluxlearn.config import FluxConfig
from fluxlearn.export.formulas import Part, parts, written
from fluxlearn.export.inputs import axis_sizes


class Row(NamedTuple):
    """A part in numbers: all its occurrences together."""

    part: Part
    parameters: int
    flops: int


class Count:
    """All parts of a model in numbers; prints as a table."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Take the rows and add them up."""
        self.rows = tuple(rows)
        self.parameters = sum(row.parameters for row in rows)
        self.flops = sum(row.flops for row in rows)

    def __getitem__(self, name: str) -> Row:
        """The row of a part.

        Raises KeyError, with the names that there are.
        """
        rows = {row.part.name: row for row in self.rows}
        if name not in rows:
            raise KeyError(f"{name!r} is no part. There is {', '.join(rows)}.")
        return rows[name]

    def formulas(self) -> str:
        """The table of one occurrence each, with formulas in place of numbers."""
        lines = [("part", "parameters", "FLOPs")]
        for row in self.rows:
            parameters, flops = row.part.cost
            lines.append((row.part.name, written(parameters), written(flops)))
        return "\n".join(f"{name:<30}{held:<42}{taken}" for name, held, taken in lines)

    def __repr__(self) -> str:
        lines = [f"{'part':<36}{'parameters':>18}{'FLOPs':>24}{'share':>8}"]
        for row in self.rows:
            times, share = f"× {row.part.times}", row.flops / self.flops
            lines.append(
                f"{row.part.name:<30}{times:<6}{row.parameters:>18,}{row.flops:>24,}{share:>8.1%}"
            )
        return "\n".join([*lines, f"{'all':<36}{self.parameters:>18,}{self.flops:>24,}"])


def count(config: FluxConfig, *, batch: int = 1, img: int = 4096, txt: int = 512) -> Count:
    """The parameters of a model, and the FLOPs of calling it once.

    batch  pictures painted together.
    img    image tokens: height / 16 · width / 16, in pixels.
    txt    text tokens.

    Raises ValueError for a length below 1.
    """
    sizes = axis_sizes(config, batch, img, txt)
    rows = []
    for part in parts(config):
        parameters, flops = (part.times * _in_numbers(cost, sizes) for cost in part.cost)
        rows.append(Row(part, parameters, flops))
    return Count(rows)


def _in_numbers(formula: Expr, sizes: Mapping[str, int]) -> int:
    return int(formula.subs({symbol: sizes[str(symbol)] for symbol in formula.free_symbols}))
