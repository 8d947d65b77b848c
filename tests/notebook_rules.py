"""The rules for stored notebooks, one function each: a notebook in, complaints out.

nbval compares a rerun with what is stored; these rules see to it that what is stored is worth
comparing with, and that a notebook stays short enough to be read.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from nbformat import NotebookNode

UNCHECKED = ("nbval-ignore-output", "nbval-skip")
MEGABYTE = 10**6


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Every stored output with the number of its code cell, counted from 1."""
    for number, cell in enumerate(code_cells(notebook), 1):
        yield from ((number, output) for output in cell.outputs)


def text(output: NotebookNode) -> str:
    """What an output says in plain text."""
    return output.get("text", "") + output.get("data", {}).get("text/plain", "")


def lines(cell: NotebookNode) -> int:
    """Lines of a cell that are not blank."""
    return len([line for line in cell.source.splitlines() if line.strip()])


def every_cell_was_run_in_order(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(code_cells(notebook), 1):
        if cell.execution_count != number:
            yield f"code cell {number} has execution count {cell.execution_count}"


def no_output_is_an_error_or_warning(notebook: NotebookNode) -> Iterator[str]:
    for number, output in outputs(notebook):
        if output.output_type == "error":
            yield f"code cell {number} ends in {output.ename}"
        if output.get("name") == "stderr":
            yield f"code cell {number} writes to stderr"


def no_output_names_a_path(notebook: NotebookNode) -> Iterator[str]:
    for number, output in outputs(notebook):
        for path in re.findall(r"(?<![\w.:/<])/[A-Za-z][\w.-]*/[\w.-]+", text(output)):
            yield f"code cell {number} prints {path}, which exists on one machine only"


def every_figure_is_stored(notebook: NotebookNode) -> Iterator[str]:
    for number, output in outputs(notebook):
        if re.match(r"<(Figure|PIL\.)", text(output)) and "image/png" not in output.data:
            yield f"code cell {number} shows a figure without its image/png"


def a_notebook_is_small(notebook: NotebookNode) -> Iterator[str]:
    size = len(str(notebook))
    if size > 2 * MEGABYTE:
        yield f"the file holds {size / MEGABYTE:.1f} MB, more than 2; lower the figures' dpi"
    if len(notebook.cells) > 40:
        yield f"it has {len(notebook.cells)} cells, more than 40"


def code_cells_are_short(notebook: NotebookNode) -> Iterator[str]:
    lengths = [lines(cell) for cell in code_cells(notebook)]
    for number, length in enumerate(lengths, 1):
        if length > 10:
            yield f"code cell {number} has {length} lines, more than 10"
    if lengths and median(lengths) > 4:
        yield f"the median code cell has {median(lengths):g} lines, more than 4"


def prose_stands_between_code(notebook: NotebookNode) -> Iterator[str]:
    for cell, following in pairwise(notebook.cells):
        if cell.cell_type == following.cell_type == "code":
            yield f"no prose between {cell.source[:40]!r} and {following.source[:40]!r}"


def nearly_all_outputs_are_compared(notebook: NotebookNode) -> Iterator[str]:
    cells = code_cells(notebook)
    skipped = [cell for cell in cells if is_unchecked(cell)]
    if len(skipped) > 0.05 * len(cells):
        yield f"{len(skipped)} of {len(cells)} code cells are not compared, more than 5 %"


def is_unchecked(cell: NotebookNode) -> bool:
    """Whether a comment or a tag tells nbval to leave a cell's output alone."""
    comments = re.findall(r"#\s*(NBVAL_IGNORE_OUTPUT|NBVAL_SKIP)", cell.source)
    return bool(comments) or any(tag in UNCHECKED for tag in cell.metadata.get("tags", ()))


RULES = (
    every_cell_was_run_in_order,
    no_output_is_an_error_or_warning,
    no_output_names_a_path,
    every_figure_is_stored,
    a_notebook_is_small,
    code_cells_are_short,
    prose_stands_between_code,
    nearly_all_outputs_are_compared,
)
