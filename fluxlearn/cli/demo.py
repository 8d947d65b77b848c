"""`fluxlearn demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxlearn.demo import PROMPT

if TYPE_CHECKING:
    from fluxlearn.demo.look import Look


def demo(
    prompt: Annotated[str, typer.Option(help="What to paint.")] = PROMPT,
    out: Annotated[Path, typer.Option(help="Folder for the page and the pictures.")] = Path(
        "fluxlearn-demo"
    ),
    steps: Annotated[int, typer.Option(help="Model calls for the picture.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the noise: another seed, another picture.")] = 0,
) -> None:
    """Paint a picture and show what went on inside, as PNG files and one HTML page."""
    from rich.console import Console

    from fluxlearn.demo.run import run_demo
    from fluxlearn.plots.stages import in_units

    with Console().status("Painting, with every stage under watch …"):
        look, paths = run_demo(prompt, out, seed, steps)
    _print_stages(look)
    seconds = in_units(look.seconds)
    typer.echo(f"“{prompt}” took {steps} steps and {seconds}; {look.verdict.line}.\n")
    for path in paths:
        typer.echo(str(path))
    typer.echo(f"\nOpen {paths[0]} in a browser: it needs no network.")


def _print_stages(look: "Look") -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from fluxlearn.plots.stages import in_percent, in_units

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("stage")
    table.add_column("what comes out")
    for heading in ("runs", "time", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in look.timings:
        shape = escape(row.shapes[0].axes) if row.shapes else ""
        share = in_percent(row.seconds / look.seconds)
        table.add_row(row.stage.name, shape, f"{row.runs}", in_units(row.seconds), share)
    Console().print(table)
