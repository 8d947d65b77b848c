"""Arguments for `Flux.forward` of any batch and lengths: what is traced, summarised and counted.

FORWARD names them with their axes, as the signature does (a test compares the two). LENGTHS are the
axes that differ from picture to picture; all others are sizes of the config.
"""

import torch
from torch import Tensor

from fluxlearn.config import FluxConfig
from fluxlearn.model.flux import Flux

FORWARD = {
    "img": "batch img patch",
    "img_ids": "batch img axis",
    "txt": "batch txt context",
    "txt_ids": "batch txt axis",
    "timesteps": "batch",
    "y": "batch vec",
    "guidance": "batch",  # only of models with guidance_embed
}
LENGTHS = ("batch", "img", "txt")


def axis_sizes(config: FluxConfig, batch: int, img: int, txt: int) -> dict[str, int]:
    """Every axis word of a model's values, with its size.

    Raises ValueError for a length below 1.
    """
    for name, length in zip(LENGTHS, (batch, img, txt), strict=True):
        if length < 1:
            raise ValueError(f"{name} is {length}, but at least 1 is expected.")
    return {
        "batch": batch,
        "img": img,
        "txt": txt,
        "seq": img + txt,
        "dim": config.hidden_size,
        "head": config.num_heads,
        "head_dim": config.head_dim,
        "pair": config.head_dim // 2,
        "hidden": config.mlp_hidden,
        "axis": len(config.axes_dim),
        "patch": config.in_channels,
        "out": config.out_channels,
        "context": config.context_in_dim,
        "vec": config.vec_in_dim,
        "freq": 256,
    }


def example_inputs(flux: Flux, batch: int, img: int, txt: int) -> dict[str, Tensor]:
    """Zeros of the right shapes, on the model's device and in its dtype; positions in float32."""
    sizes = axis_sizes(flux.config, batch, img, txt)
    weight = flux.img_in.weight
    return {
        name: torch.zeros(
            *(sizes[word] for word in axes.split()),
            dtype=torch.float32 if name.endswith("_ids") else weight.dtype,
            device=weight.device,
        )
        for name, axes in FORWARD.items()
        if name != "guidance" or flux.config.guidance_embed
    }
