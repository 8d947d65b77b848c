"""`fluxlearn paint`: the options are those of `Pipeline.paint`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from PIL import Image


def paint(
    prompt: Annotated[
        list[str], typer.Argument(help="What to paint; several are painted side by side.")
    ],
    out: Annotated[Path, typer.Option(help="The picture's file; its ending tells the format.")] = (
        Path("picture.png")
    ),
    steps: Annotated[int | None, typer.Option(help="Steps of the solver.")] = None,
    guidance: Annotated[float | None, typer.Option(help="How closely to follow.")] = None,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    height: Annotated[int | None, typer.Option(help="Pixels, a multiple of 16.")] = None,
    width: Annotated[int | None, typer.Option(help="Pixels, a multiple of 16.")] = None,
    model: Annotated[str, typer.Option(help="A name, or a file of weights.")] = "toy-dev",
    start_image: Annotated[Path | None, typer.Option(help="A picture to start from.")] = None,
    strength: Annotated[float, typer.Option(help="How much of it to paint over, 0 to 1.")] = 1.0,
    solver: Annotated[str, typer.Option(help="euler, midpoint or heun.")] = "euler",
    control: Annotated[Path | None, typer.Option(help="Edges (canny) or depth.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture to paint into (fill).")] = None,
    mask: Annotated[Path | None, typer.Option(help="White where to paint into it.")] = None,
    reference: Annotated[Path | None, typer.Option(help="A picture to change (kontext).")] = None,
) -> None:
    """Paint a picture for each prompt. What is not said is the model's default."""
    check_target(out)
    options = {"steps": steps, "guidance": guidance, "seed": seed, "solver": solver}
    options |= {"height": height, "width": width, "strength": strength}
    if start_image is not None:
        options |= open_start(start_image, height, width)
    shown = {"control": control, "image": image, "mask": mask, "reference": reference}
    options |= {name: open_picture(file) for name, file in shown.items() if file is not None}

    from fluxlearn.load import load

    picture = load(model).paint(prompt if len(prompt) > 1 else prompt[0], **options)
    picture.save(out)
    typer.echo(f"{picture!r}\n{out}")


def check_target(out: Path) -> None:
    """Raise, before anything is painted, when a picture could not be written to this file."""
    from PIL import Image

    from fluxlearn.files import check_place

    Image.init()
    writable = sorted(end for end, kind in Image.EXTENSION.items() if kind in Image.SAVE)
    if out.suffix.lower() not in writable:
        raise ValueError(
            f"{out} ends in {out.suffix!r}, which is no kind of picture that can be written. "
            f"Use .png, .jpg or .webp."
        )
    check_place(out)
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"{out.parent} cannot be written to. Choose another folder.")


def open_picture(file: Path) -> "Image.Image":
    """The picture in a file."""
    from PIL import Image

    with Image.open(file) as image:
        return image.copy()


def open_start(file: Path, height: int | None, width: int | None) -> dict[str, Any]:
    """The start image, resized to the size that is asked for; its own where none is."""
    from PIL import Image

    image = open_picture(file).convert("RGB")
    height, width = height or image.height, width or image.width
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    return {"start_image": image, "height": height, "width": width}
