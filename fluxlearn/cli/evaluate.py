"""`fluxlearn evaluate`: does the model paint what it is asked for?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fluxlearn.toy.evaluate import Row


def evaluate(
    model: Annotated[str, typer.Argument(help="A name, or a file of weights.")],
    prompts: Annotated[int, typer.Option(min=1, help="How many held-out prompts.")] = 512,
    steps: Annotated[int, typer.Option(help="Steps of the solver.")] = 20,
    guidance: Annotated[float | None, typer.Option(help="The model's own unless given.")] = None,
    split: Annotated[
        str, typer.Option(help="test: new descriptions. novel: new colour × shape pairs.")
    ] = "test",
) -> None:
    """Paint prompts that the model was never trained on, and judge the pictures by measuring."""
    from fluxlearn.load import load
    from fluxlearn.toy.gates import evaluate_model

    rows = evaluate_model(load(model), prompts, split, steps=steps, guidance=guidance)
    print_rows(rows)


def print_rows(rows: Sequence["Row"]) -> None:
    """One line a clause: how many prompts tell it, and the share that meets it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("clause")
    for heading in ("prompts", "met", "95 % interval", "by chance"):
        table.add_column(heading, justify="right")
    for row in rows:
        interval = f"{row.low:.3f} to {row.high:.3f}"
        table.add_row(row.clause, f"{row.n}", f"{row.mean:.3f}", interval, f"{row.chance:.3f}")
    Console().print(table)
