"""What is timed: a Flux of random weights, and a picture half way to its end.

Random weights take the time and the memory of trained ones, and need no download.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.config import PRESETS, FluxConfig
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.canvas import Canvas
from fluxlearn.sampling.tokens import token_grid
from fluxlearn.text.conditioning import Conditioning

TIME, GUIDANCE = 0.5, 3.5  # of the step that is repeated


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of a published model, and how large a picture."""

    config: FluxConfig
    canvas: Canvas
    txt: int  # text tokens

    @property
    def img(self) -> int:
        """Image tokens of one picture."""
        rows, columns = token_grid(self.canvas.height, self.canvas.width)
        return rows * columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """One model call, ready to be made."""

    size: Size
    flux: Flux
    conditioning: Conditioning
    x: Float[Tensor, "batch img patch"]  # tokens at `TIME`


def full_size(
    name: str = "flux-dev",
    *,
    side: int = 1024,
    txt: int = 512,
    depth: int | None = None,
    depth_single_blocks: int | None = None,
) -> Size:
    """A published model, whole or with fewer blocks, and one square picture.

    side  pixels, a multiple of 16.

    Raises ValueError for an unknown name or an impossible size.
    """
    if name not in PRESETS:
        raise ValueError(f"{name!r} is no published model. There is {', '.join(PRESETS)}.")
    if txt < 1:
        raise ValueError(f"txt is {txt}, but at least 1 text token is expected.")
    token_grid(side, side)
    whole = PRESETS[name]
    config = replace(
        whole,
        depth=whole.depth if depth is None else depth,
        depth_single_blocks=(
            whole.depth_single_blocks if depth_single_blocks is None else depth_single_blocks
        ),
    )
    return Size(config=config, canvas=Canvas(batch=1, height=side, width=side), txt=txt)


def draw(size: Size, device: torch.device, dtype: torch.dtype, seed: int = 0) -> Subject:
    """Make the model where it will run, without a copy elsewhere, and draw its weights there.

    Matrices keep the size of what they map, so activations stay in range through all blocks.
    """
    generator = torch.Generator(device).manual_seed(seed)
    with torch.device("meta"):
        flux = Flux(size.config).to(dtype)
    flux = flux.to_empty(device=device).eval().requires_grad_(False)
    for parameter in flux.parameters():
        fan_in = parameter.shape[-1] if parameter.ndim > 1 else 1
        parameter.normal_(std=fan_in**-0.5, generator=generator)

    def noise(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=dtype, device=device, generator=generator)

    batch, config = size.canvas.batch, size.config
    told = Conditioning(
        txt=noise(batch, size.txt, config.context_in_dim),
        pooled=noise(batch, config.vec_in_dim),
        prompts=("random",) * batch,
    )
    x = noise(batch, size.img, config.in_channels)
    return Subject(size=size, flux=flux, conditioning=told, x=x)
