"""`fluxlearn points` and `fluxlearn explain`: what can be read and changed inside the model."""

from typing import Annotated

import typer


def points(
    glob: Annotated[str, typer.Argument(help="A name with * for any part of it.")] = "*",
) -> None:
    """List the points of FLUX.1-dev: every place that can be read and edited, in order."""
    from fluxlearn.catalogue import points as find_points

    typer.echo(repr(find_points(glob)))


def explain(
    point: Annotated[str, typer.Argument(help="A name or glob, as `fluxlearn points` lists it.")],
) -> None:
    """Say what a point is: shape, equation, meaning, and what to look for."""
    from fluxlearn.catalogue import explain as explained

    typer.echo(explained(point))
