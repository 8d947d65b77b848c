"""How many bytes a model will hold, before one of them is taken.

    weights       n · s                          n parameters of s bytes
    gradients     n′ · s                         n′ of them trained
    optimizer     2 n′ · s                       AdamW's two averages
    activations   by a dry run                   what is computed, at the worst moment
    captures      by a dry run                   what a recorder keeps of one model call

Without gradients a block's values are gone when it returns, so activations do not grow with the
depth. A backward pass needs them all:

    FLUX.1-dev, 1024 × 1024 pixels, bf16         activations         in all

    inference                                         0.7 GB         24.5 GB
    lora                                             38.7 GB         63.1 GB
    training                                         18.3 GB        114   GB
    checkpointed                                      0.3 GB         95.6 GB

At the worst moment of a training step some gradients may not be there yet; what is said of
activations then is what they take beyond the room of the gradients to come.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import torch
from torch import Tensor, nn

from fluxlearn.config import FluxConfig
from fluxlearn.memory.around import around, blocks_of
from fluxlearn.memory.checkpointing import checkpointing
from fluxlearn.memory.dry_run import FlashAttention, peak_bytes, with_flash_attention
from fluxlearn.model.flux import Flux
from fluxlearn.trace.record import record
from fluxlearn.trace.sizes import readable
from fluxlearn.trace.tap import unheard

RANK = 16
"""Of the low-rank patches in mode "lora", which stand beside every linear layer of the blocks."""

MODES = ("inference", "training", "checkpointed", "lora")
"""The third is training with gradient checkpointing, the last trains low-rank patches only."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How much goes into a model call."""

    batch: int  # pictures painted together
    img: int  # image tokens, height / 16 · width / 16 in pixels
    txt: int  # text tokens


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bytes at the worst moment, by what they are for; prints as a table."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    captures: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(vars(self).values())

    def __repr__(self) -> str:
        rows = {**vars(self), "in all": self.total}
        return "\n".join(f"{name:<14}{readable(count):>10}" for name, count in rows.items())


def estimate(
    config: FluxConfig,
    lengths: Lengths,
    dtype: torch.dtype = torch.bfloat16,
    mode: str = "inference",
    points: Iterable[str] = (),
) -> Budget:
    """The bytes of a flow model at work.

    dtype   of weights and of all that is computed; gradients and averages have it too.
    mode    one of `MODES`.
    points  names or globs of what is recorded, of one model call.

    Raises ValueError for a length, mode or dtype that is none, UnknownPointError for a point.
    """
    _check(lengths, dtype, mode)
    with torch.device("meta"):
        flux = Flux(config).to(dtype).requires_grad_(mode != "lora")
    patches = _patch_layers(flux) if mode == "lora" else []
    weights = [*flux.parameters(), *patches]
    trained = sum(p.nbytes for p in weights if p.requires_grad and mode != "inference")
    at_work = (
        activations(config, lengths, dtype)
        if mode == "inference"
        else _training(
            flux, patches, lengths, checkpointing(flux) if mode == "checkpointed" else nullcontext()
        )
    )
    return Budget(
        weights=sum(p.nbytes for p in weights),
        gradients=trained,
        optimizer=2 * trained,
        activations=max(0, at_work - trained),
        captures=_captures(flux, lengths, list(points)),
    )


@lru_cache
def activations(config: FluxConfig, lengths: Lengths, dtype: torch.dtype) -> int:
    """What a model call without gradients holds besides weights and inputs, at the worst moment."""
    # A block leaves nothing behind but its output: two of each kind are as good as all.
    few = replace(
        config,
        depth=min(2, config.depth),
        depth_single_blocks=min(2, config.depth_single_blocks),
    )
    with torch.device("meta"):
        flux = Flux(few).to(dtype)
    inputs = _inputs(few, lengths, dtype)
    with torch.no_grad():
        return peak_bytes(partial(flux, **inputs), [*flux.parameters(), *inputs.values()])


def _training(
    flux: Flux, patches: list[Tensor], lengths: Lengths, manner: AbstractContextManager
) -> int:
    """What a step of training holds besides weights: activations and gradients together."""
    inputs = _inputs(flux.config, lengths, flux.img_in.weight.dtype)
    target = torch.empty_like(inputs["img"])[..., : flux.config.out_channels]

    def step() -> None:
        with around(blocks_of(flux), with_flash_attention), manner:
            velocity = flux(**inputs)
        (velocity.float() - target).square().mean().backward()

    known = [*flux.parameters(), *patches, *inputs.values(), target]
    with torch.enable_grad():
        return peak_bytes(step, known)


def _captures(flux: Flux, lengths: Lengths, points: list[str]) -> int:
    if not points:
        return 0
    inputs = _inputs(flux.config, lengths, flux.img_in.weight.dtype)
    recorder = record(flux, points, max_bytes=2**63)
    with unheard(), recorder as seen, torch.no_grad(), FlashAttention():
        flux(**inputs)
    return sum(value.nbytes for value in seen.values())


def _inputs(config: FluxConfig, lengths: Lengths, dtype: torch.dtype) -> dict[str, Tensor]:
    """The arguments of a model call, without values."""
    batch, img, txt = lengths.batch, lengths.img, lengths.txt
    axes = len(config.axes_dim)
    shapes = {
        "img": (batch, img, config.in_channels),
        "img_ids": (batch, img, axes),
        "txt": (batch, txt, config.context_in_dim),
        "txt_ids": (batch, txt, axes),
        "timesteps": (batch,),
        "y": (batch, config.vec_in_dim),
    }
    if config.guidance_embed:
        shapes["guidance"] = (batch,)
    return {name: torch.empty(shape, dtype=dtype, device="meta") for name, shape in shapes.items()}


def _patch_layers(flux: Flux) -> list[Tensor]:
    """Put low-rank patches beside the blocks' linear layers; gives their matrices."""
    matrices: list[Tensor] = []
    for name, layer in flux.named_modules():
        if isinstance(layer, nn.Linear) and "blocks." in name:
            down = layer.weight.new_empty(RANK, layer.in_features).requires_grad_(True)
            up = layer.weight.new_empty(layer.out_features, RANK).requires_grad_(True)
            vars(layer)["forward"] = partial(_patched, layer.forward, down, up)
            matrices += [down, up]
    return matrices


def _patched(plain: Callable[[Tensor], Tensor], down: Tensor, up: Tensor, x: Tensor) -> Tensor:
    return plain(x) + nn.functional.linear(nn.functional.linear(x, down), up)


def _check(lengths: Lengths, dtype: torch.dtype, mode: str) -> None:
    for name, length in vars(lengths).items():
        if type(length) is not int or length < 1:
            raise ValueError(f"{name} is {length!r}, but a whole number from 1 is expected.")
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}, but there are {', '.join(MODES)}.")
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point or dtype.itemsize < 2:
        raise ValueError(
            f"dtype is {dtype!r}, but the model computes in torch.float32, torch.bfloat16 or "
            f"torch.float16."
        )
