"""`fluxlearn walk`: a painting as in a debugger."""

from typing import Annotated

import typer


def walk(
    prompt: Annotated[str, typer.Argument(help="What to paint.")],
    at: Annotated[
        str | None, typer.Option(help="Tell only these points, a name or glob, but in full.")
    ] = None,
    step: Annotated[int, typer.Option(help="The step of the solver to walk through.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    model: Annotated[str, typer.Option(help="A name, or a file of weights.")] = "toy-dev",
) -> None:
    """Paint, and tell every value that is made on the way, in order: what comes out of each stage.

    Each stage has a line: its point, its shape, its numbers. With --at each has all that is known
    of it, from its equation to the source.
    """
    from fluxlearn.load import load
    from fluxlearn.sampling.walk import walk as walk_through

    stages = walk_through(load(model), prompt, break_at=at or "*", step=step, seed=seed)
    for stage in stages:
        if at:
            typer.echo(f"{stage.card()}\n")
        else:
            typer.echo(f"{stage.point:<26} {stage.shape:<48} {stage.numbers}")
