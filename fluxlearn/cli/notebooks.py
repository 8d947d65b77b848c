"""`fluxlearn notebooks`: the course's notebooks executed, checked, and their solutions written."""

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str | None, typer.Argument(help="How its name begins: 07. All without one.")]
Folder = Annotated[Path, typer.Option(help="Where the notebooks are.")]


def run(name: Name = None, folder: Folder = Path("notebooks")) -> None:
    """Execute notebooks again and store their outputs."""
    from fluxlearn.notebooks.execute import execute
    from fluxlearn.notebooks.find import find_notebooks

    for path in find_notebooks(folder, name):
        typer.echo(path.name)
        execute(path)


def check(name: Name = None, folder: Folder = Path("notebooks")) -> None:
    """Run notebooks beside what is stored: the same outputs, up to rounding, and the rules kept."""
    from fluxlearn.notebooks.find import find_notebooks
    from fluxlearn.notebooks.verify import verify

    chosen = [path.resolve() for path in find_notebooks(folder, name)]
    if not verify(chosen, folder.resolve().parent):
        raise typer.Exit(1)


def solutions(
    folder: Annotated[Path, typer.Argument(help="Where the pages go.")],
) -> None:
    """Write the solutions of all exercises, a page for each chapter, for the book."""
    from fluxlearn.exercises.pages import write_solutions

    for page in write_solutions(folder):
        typer.echo(page)
