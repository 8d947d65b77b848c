"""All contenders, one after the other, as a table for the terminal and a page to keep."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from fluxlearn.bench.contenders import CONTENDERS
from fluxlearn.bench.measure import Cost, measure, product_rate
from fluxlearn.bench.subject import Size, draw
from fluxlearn.export.count import count
from fluxlearn.export.packages import need

HEAD = ("", "a step", "against diffusers", "memory", "TFLOP/s", "of a product", "first", "waits")


class Conditions(NamedTuple):
    """What all contenders have in common."""

    size: Size
    device: torch.device
    dtype: torch.dtype
    flops: int  # of one model call
    product: float  # FLOPs a second of one large matrix product


class Result(NamedTuple):
    """What one contender took."""

    name: str
    cost: Cost


def conditions(size: Size, device: torch.device, dtype: torch.dtype) -> Conditions:
    """Measure what the device can do, before any model is there.

    Raises MissingPackageError when a contender's package is not installed.
    """
    need("diffusers", extra="reference")
    need("sympy")
    flops = count(size.config, batch=size.canvas.batch, img=size.img, txt=size.txt).flops
    return Conditions(size, device, dtype, flops, product_rate(device, dtype))


def run(shared: Conditions, names: Sequence[str], steps: int) -> Iterator[Result]:
    """Measure these contenders on one and the same model.

    Raises ValueError, with the names there are, before any work.
    """
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no contender. There is {'; '.join(CONTENDERS)}.")
    subject = draw(shared.size, shared.device, shared.dtype)
    return (
        Result(name, measure(CONTENDERS[name](subject), shared.device, steps)) for name in names
    )


def page(shared: Conditions, results: Sequence[Result]) -> str:
    """The results in Markdown, with what they were measured on."""
    config, canvas = shared.size.config, shared.size.canvas
    title = (
        f"{config.depth} double and {config.depth_single_blocks} single blocks, "
        f"{config.hidden_size} wide, {canvas.width} × {canvas.height} pixels, "
        f"{shared.size.txt} text tokens, {str(shared.dtype).removeprefix('torch.')}"
    )
    about = (
        f"{_name(shared.device)}, torch {torch.__version__}. A step is one model call of "
        f"{shared.flops / 1e12:.3g} TFLOP; one large matrix product reaches "
        f"{shared.product / 1e12:.3g} TFLOP/s here. Memory is the peak of what the device held, "
        f"weights included; waits are the times a step that the host waited for the device."
    )
    rows = [HEAD, ("---",) * len(HEAD), *rows_of(shared, results)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"# {title}\n\n{about}\n\n{table}\n"


def rows_of(shared: Conditions, results: Sequence[Result]) -> list[tuple[str, ...]]:
    """One row a contender, in words; the columns are those of `HEAD`."""
    seconds = {result.name: result.cost.seconds for result in results}
    base = seconds.get("diffusers")
    return [
        (
            name,
            _time(cost.seconds),
            f"{cost.seconds / base:.3f}" if base else "",
            "" if cost.peak is None else f"{cost.peak / 2**30:.1f} GiB",
            f"{shared.flops / cost.seconds / 1e12:.3g}",
            f"{shared.flops / cost.seconds / shared.product:.0%}",
            _time(cost.first),
            "" if cost.waits is None else f"{cost.waits:g}",
        )
        for name, cost in results
    ]


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU with {torch.get_num_threads()} threads"
