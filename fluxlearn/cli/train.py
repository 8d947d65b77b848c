"""`fluxlearn train`: the shipped weights, made again."""

from pathlib import Path
from typing import Annotated

import typer

from fluxlearn.cli.evaluate import print_rows


def toy(
    out: Annotated[Path, typer.Option(help="Folder; a killed run goes on from what it holds.")] = (
        Path("runs/toy")
    ),
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="A few steps of each stage, to see that it runs.")
    ] = False,
) -> None:
    """Train the whole toy family: text encoders, autoencoder, toy-base and toy-dev. Takes hours."""
    from fluxlearn.toy.evaluate import Row
    from fluxlearn.toy.recipe import FULL, REHEARSAL, train_toy

    card = train_toy(out, seed, REHEARSAL if rehearsal else FULL)
    for name in ("toy-base", "toy-dev"):
        for split in ("test", "novel"):
            typer.echo(f"\n{name}, {split} prompts")
            print_rows([Row(clause=c, **figures) for c, figures in card[name][split].items()])
    for missed in card["missed"]:
        typer.secho(f"gate missed: {missed}", fg=typer.colors.RED, err=True)
    typer.echo(f"The weights are in {out / 'weights'}.")
