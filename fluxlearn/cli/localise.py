"""`fluxlearn localise`: do maps of words lie on the things that the words name?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fluxlearn.toy.localisation.report import Report

WIDTH = 112  # characters that the whole table needs


def localise(
    model: Annotated[str, typer.Argument(help="A name, or a file of weights.")],
    scenes: Annotated[int, typer.Option(min=2, help="One half to choose on, one to judge.")] = 512,
    time: Annotated[
        list[float] | None, typer.Option(help="When to look, in (0, 1]; may be repeated.")
    ] = None,
    painted: Annotated[
        bool, typer.Option("--painted", help="Look while painting, not at true scenes in noise.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of scenes, captions and noise.")] = 77,
    json: Annotated[Path | None, typer.Option(help="Write all figures to this file.")] = None,
) -> None:
    """Measure attention maps and ConceptAttention against masks, beside what chance gives.

    The best block and head are chosen on one half of the scenes and judged on the other.
    """
    from fluxlearn.files import check_place
    from fluxlearn.load import load
    from fluxlearn.toy.localisation.looking import TIMES, look_at_scenes, look_while_painting
    from fluxlearn.toy.localisation.report import measure

    if json:
        check_place(json)
    look = look_while_painting if painted else look_at_scenes
    report = measure(look(load(model), scenes, tuple(time or TIMES), seed=seed))
    print_report(report)
    if json:
        typer.echo(report.save(json))


def print_report(report: "Report") -> None:
    """One line for each method, kind of word and number of things; then what they come to."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from fluxlearn.toy.localisation.report import GATE
    from fluxlearn.toy.localisation.table import COLUMNS, cells, chosen

    table = Table(box=box.SIMPLE_HEAD)
    for heading in COLUMNS:
        table.add_column(heading, justify="left" if heading in ("method", "word") else "right")
    for row in report.rows:
        table.add_row(*cells(row))
    # A pipe is told to be 80 wide, where columns would be cut to a few letters.
    Console(width=max(Console().width, WIDTH)).print(table)
    for line in chosen(report.rows):
        typer.echo(line)
    name, reached = report.best()
    typer.echo(
        f"{report.kept} of {report.asked} pictures show what their caption tells. {name!r} points "
        f"right most often on words of colour and shape: {reached:.3f}. The gate is {GATE:.2f}."
    )
