"""torchinfo's table of a model: modules, shapes and parameters.

    >>> summarise(Flux(replace(PRESETS["flux-dev"], depth=2, depth_single_blocks=2)))

Two things in torchinfo's own output mislead here, so they are put right. It lists a module again
when its parts run apart, as attention's `qkv` and `proj` do, and then gives no parameters for it;
here each module stands once, in the order in which it is defined. And its mult-adds take one token
of every picture and no attention; the FLOPs below the table are those of `count.py`.

A model on the meta device has shapes and no weights, so the largest is summarised in a second:

    with torch.device("meta"):
        flux = Flux(PRESETS["flux-dev"])
"""

from typing import Any

import torch

from fluxlearn.export.count import count
from fluxlearn.export.inputs import example_inputs
from fluxlearn.export.packages import need
from fluxlearn.model.flux import Flux


class Summary(str):
    """A table that prints as it is."""

    __repr__ = str.__str__


def summarise(
    flux: Flux, *, depth: int = 2, batch: int = 1, img: int = 4096, txt: int = 512
) -> Summary:
    """One row for each module, with its output's shape and its parameters.

    depth  how many levels of modules inside modules are shown; 2 ends at the blocks.
    batch, img, txt  the lengths that shapes and FLOPs are given for.

    The model runs once. Raises TypeError for anything but a Flux, ValueError for a depth or length
    below 1.
    """
    need("torchinfo")
    if not isinstance(flux, Flux):
        raise TypeError(f"{type(flux).__name__} is no Flux. Of a pipeline, pass pipe.flux.")
    if depth < 1:
        raise ValueError(f"depth is {depth}, but at least 1 is expected.")
    inputs = example_inputs(flux, batch, img, txt)
    counted = count(flux.config, batch=batch, img=img, txt=txt)
    lines = str(_table(flux, inputs, depth)).splitlines()
    rows = lines[: next(i for i, line in enumerate(lines) if line.startswith("Total params"))]
    return Summary(
        "\n".join(
            [
                *rows,
                f"Parameters: {counted.parameters:,}",
                f"FLOPs of one call: {counted.flops:,} (batch {batch}, img {img}, txt {txt})",
                rows[-1],
            ]
        )
    )


def _table(flux: Flux, inputs: dict[str, torch.Tensor], depth: int) -> Any:
    from torchinfo import summary
    from torchinfo.torchinfo import set_children_layers

    table = summary(
        flux,
        input_data=inputs,
        depth=depth,
        col_names=("output_size", "num_params", "params_percent"),
        row_settings=("var_names",),
        mode="train" if flux.training else "eval",
        verbose=0,
    )
    place = {id(module): number for number, module in enumerate(flux.modules())}
    layers = {layer.layer_id: layer for layer in table.summary_list}
    table.summary_list = sorted(layers.values(), key=lambda layer: place[layer.layer_id])
    for layer in layers.values():
        layer.is_recursive = False
    set_children_layers(table.summary_list)
    return table
