"""`fluxlearn`: all commands, in the order in which a newcomer meets them."""

from importlib import import_module
from typing import Annotated

import typer

from fluxlearn.cli.bench import cuda
from fluxlearn.cli.convert import convert
from fluxlearn.cli.demo import demo
from fluxlearn.cli.errors import PoliteGroup
from fluxlearn.cli.evaluate import evaluate
from fluxlearn.cli.export import onnx, summary
from fluxlearn.cli.localise import localise
from fluxlearn.cli.notebooks import check, run, solutions
from fluxlearn.cli.paint import paint
from fluxlearn.cli.points import explain, points
from fluxlearn.cli.train import toy
from fluxlearn.cli.walk import walk

DEMO = "Example:  fluxlearn demo --prompt 'two small yellow crosses on a black background'"
PAINT = "Example:  fluxlearn paint 'a large red circle on a grey background' --out circle.png"
POINTS = "Example:  fluxlearn points 'double.*.img.mod.*'"
EXPLAIN = "Example:  fluxlearn explain double.0.img.mod.gate1"
WALK = "Example:  fluxlearn walk 'a large red circle on a grey background' --at 'double.0.img.*'"
EVALUATE = "Example:  fluxlearn evaluate toy-dev --prompts 64"
LOCALISE = "Example:  fluxlearn localise toy-dev --scenes 64 --json maps.json"
TOY = "Example:  fluxlearn train toy --out runs/toy"
ONNX = "Example:  fluxlearn export onnx toy-dev --out toy-dev.onnx"
CONVERT = "Example:  fluxlearn convert flux1-dev.safetensors --out flux1-dev-diffusers"
CUDA = "Example:  fluxlearn bench cuda --out cuda.md"
SUMMARY = "Example:  fluxlearn export summary flux-dev --depth 1"
RUN = "Example:  fluxlearn notebooks run 07"
CHECK = "Example:  fluxlearn notebooks check 07"
SOLUTIONS = "Example:  fluxlearn notebooks solutions book/solutions"

app = typer.Typer(
    cls=PoliteGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Learn how FLUX.1 works, on a model small enough to paint on a laptop.",
    epilog="Start with:  fluxlearn demo",
)
app.command(epilog=DEMO)(demo)
app.command(epilog=PAINT)(paint)
app.command(epilog=POINTS)(points)
app.command(epilog=EXPLAIN)(explain)
app.command(epilog=WALK)(walk)
app.command(epilog=EVALUATE)(evaluate)
app.command(epilog=LOCALISE)(localise)
app.command(epilog=CONVERT)(convert)

train = typer.Typer(no_args_is_help=True, help="Train a model again from a seed.", epilog=TOY)
train.command(epilog=TOY)(toy)
app.add_typer(train, name="train")

export = typer.Typer(no_args_is_help=True, help="The model as a file or a table.", epilog=ONNX)
export.command(epilog=ONNX)(onnx)
export.command(epilog=SUMMARY)(summary)
app.add_typer(export, name="export")

bench = typer.Typer(no_args_is_help=True, help="What a step costs on this machine.", epilog=CUDA)
bench.command(epilog=CUDA)(cuda)
app.add_typer(bench, name="bench")

notebooks = typer.Typer(no_args_is_help=True, help="The course's notebooks.", epilog=RUN)
notebooks.command(epilog=RUN)(run)
notebooks.command(epilog=CHECK)(check)
notebooks.command(epilog=SOLUTIONS)(solutions)
app.add_typer(notebooks, name="notebooks")


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"fluxlearn {import_module('fluxlearn').__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print and exit."),
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option("--traceback", help="Where an error comes from, and not only what it says."),
    ] = False,
) -> None:
    """Options that come before a command."""
