"""Rows of a report as text, for a terminal or a page."""

from collections.abc import Sequence

from fluxlearn.toy.localisation.report import Row

COLUMNS = (
    "method", "word", "things", "n", "pointing", "95 %", "other", "overlap", "τ", "AUC", "area",
)  # fmt: skip


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, one for each of the COLUMNS."""
    interval = f"{row.low:.3f}–{row.high:.3f}"
    means = (row.overlap, row.threshold, row.auc, row.chance)
    overlapped, threshold, ranked, area = (f"{mean:.2f}" for mean in means)
    return (
        row.method, row.kind, f"{row.things}", f"{row.n}", f"{row.pointing:.3f}", interval,
        f"{row.other:.3f}", overlapped, threshold, ranked, area,
    )  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Print rows as a Markdown table."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def chosen(rows: Sequence[Row]) -> list[str]:
    """Which block and head was chosen, a line for each method and kind of word."""
    places = {f"{row.method}, {row.kind}: {row.place}": row for row in rows}
    return [line for line, row in places.items() if row.method.endswith("best")]
