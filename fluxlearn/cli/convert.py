"""`fluxlearn convert`: a model's file from one program's form to another's."""

import re
from pathlib import Path
from typing import Annotated

import typer

DTYPES = ("float32", "bfloat16", "float16")


def convert(
    source: Annotated[
        Path, typer.Argument(help="A file of BFL, ComfyUI or ours, or a folder of diffusers.")
    ],
    out: Annotated[
        Path, typer.Option(help="A new folder for diffusers, or a .safetensors file for BFL.")
    ],
    dtype: Annotated[
        str | None, typer.Option(help=f"{', '.join(DTYPES)}; what is stored unless said.")
    ] = None,
    depth: Annotated[int | None, typer.Option(help="Only so many double blocks.")] = None,
    depth_single_blocks: Annotated[
        int | None, typer.Option(help="Only so many single blocks.")
    ] = None,
    shard_size: Annotated[
        str | None, typer.Option(help="Largest file of a folder, 10GB for example; else it is one.")
    ] = None,
) -> None:
    """Convert a model between BFL's file and diffusers' folder, whichever it is not yet."""
    if dtype is not None and dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}, but there are {', '.join(DTYPES)}.")
    limit = None if shard_size is None else parse_size(shard_size)

    import torch

    from fluxlearn.checkpoints.convert import convert as write_other_form

    kind = None if dtype is None else getattr(torch, dtype)
    blocks = (depth, depth_single_blocks)
    typer.echo(str(write_other_form(source, out, dtype=kind, blocks=blocks, shard_size=limit)))


def parse_size(text: str) -> int:
    """Bytes of a size such as 10GB or 500MB, whose units are powers of 1000.

    Raises ValueError for anything else.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMG]?)B?", text.strip().upper())
    if found is None:
        raise ValueError(f"the size is {text!r}, but one such as 10GB or 500MB is expected.")
    return int(float(found[1]) * 1000 ** " KMG".index(found[2] or " "))
