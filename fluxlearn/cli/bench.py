"""`fluxlearn bench`: what a step costs on this machine, beside diffusers."""

from pathlib import Path
from typing import Annotated

import typer

ON_THE_CPU = "--device cpu --depth 1 --depth-single-blocks 1 --side 256"


def cuda(
    model: Annotated[str, typer.Argument(help="A published model; its weights are drawn.")] = (
        "flux-dev"
    ),
    depth: Annotated[int | None, typer.Option(help="Double blocks; all unless said.")] = None,
    depth_single_blocks: Annotated[
        int | None, typer.Option(help="Single blocks; all unless said.")
    ] = None,
    side: Annotated[int, typer.Option(help="Pixels, a multiple of 16.")] = 1024,
    txt: Annotated[int, typer.Option(help="Text tokens.")] = 512,
    steps: Annotated[int, typer.Option(min=1, help="Timed calls of each contender.")] = 10,
    contender: Annotated[
        list[str] | None, typer.Option(help="Who takes part; may be repeated. All unless said.")
    ] = None,
    device: Annotated[str, typer.Option(help="cuda, or cpu to try it at a reduced size.")] = "cuda",
    out: Annotated[Path | None, typer.Option(help="Write the page of results here too.")] = None,
) -> None:
    """Time one model call at full size: ours and diffusers', plain, compiled and looked into."""
    import torch

    from fluxlearn.bench.contenders import CONTENDERS
    from fluxlearn.bench.report import Result, conditions, page, run
    from fluxlearn.bench.subject import full_size
    from fluxlearn.files import check_place, write_whole

    if out:
        check_place(out)
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"there is no CUDA device here. Try {ON_THE_CPU}.")
    blocks = {"depth": depth, "depth_single_blocks": depth_single_blocks}
    size = full_size(model, side=side, txt=txt, **blocks)
    shared = conditions(size, torch.device(device), torch.bfloat16)
    results: list[Result] = []
    for result in run(shared, contender or list(CONTENDERS), steps):
        typer.echo(f"{result.name}: {result.cost.seconds:.4g} s a step")
        results.append(result)
    typer.echo(f"\n{page(shared, results)}")
    if out:
        typer.echo(str(write_whole(out, page(shared, results))))
