"""`fluxlearn export`: the model as a file and as a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fluxlearn.model.flux import Flux


def onnx(
    model: Annotated[str, typer.Argument(help="A name, or a file of weights.")],
    out: Annotated[Path, typer.Option(help="The file; weights above 2 GB go to FILE.data.")],
    output: Annotated[
        list[str] | None,
        typer.Option(help="A point or glob that becomes an output; may be given several times."),
    ] = None,
    external: Annotated[
        bool | None,
        typer.Option(
            "--external/--inside", help="Weights beside the file or in it.", show_default=False
        ),
    ] = None,
) -> None:
    """Write a model to an ONNX file, every value named after its point. Open it with Netron."""
    from fluxlearn.export.onnx import check_target, export_onnx

    check_target(out)

    from fluxlearn.load import load

    export_onnx(load(model).flux, out, outputs=output or (), external=external)
    typer.echo(str(out))


def summary(
    model: Annotated[
        str, typer.Argument(help="A published model such as flux-dev, a name, or a file.")
    ] = "flux-dev",
    depth: Annotated[int, typer.Option(help="Levels of modules inside modules.")] = 2,
    img: Annotated[int, typer.Option(help="Image tokens: height / 16 · width / 16.")] = 4096,
    txt: Annotated[int, typer.Option(help="Text tokens.")] = 512,
) -> None:
    """Print a model's modules, shapes, parameters and FLOPs. Needs no weights, downloads none."""
    from fluxlearn.export.count import count
    from fluxlearn.export.summary import summarise

    flux = _shapes_only(model)
    typer.echo(f"{summarise(flux, depth=depth, img=img, txt=txt)}\n")
    typer.echo(repr(count(flux.config, img=img, txt=txt)))


def _shapes_only(model: str) -> "Flux":
    """The flow model without weights."""
    import torch

    from fluxlearn.config import PRESETS
    from fluxlearn.load import load
    from fluxlearn.model.flux import Flux

    config = PRESETS[model] if model in PRESETS else load(model).flux.config
    with torch.device("meta"):
        return Flux(config)
