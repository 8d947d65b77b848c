"""Refuse inputs that do not fit the model, before any work, with what to do about it."""

import torch
from torch import Tensor

from fluxlearn.config import FluxConfig


def check_inputs(
    config: FluxConfig,
    img: Tensor,
    img_ids: Tensor,
    txt: Tensor,
    txt_ids: Tensor,
    timesteps: Tensor,
    y: Tensor,
    guidance: Tensor | None,
) -> None:
    """Check the arguments of `Flux.forward` against its config and each other.

    Raises ValueError that names the argument, its shape, the expected one and the likely cure.
    """
    if torch.compiler.is_compiling():  # shapes were checked by the eager call before
        return
    _tokens("img", img, config.in_channels, "Did you forget patchify()?")
    _tokens("txt", txt, config.context_in_dim, "Are these T5 features of another model?")
    batch, axes = img.shape[0], len(config.axes_dim)
    _shape("txt", txt, (batch, txt.shape[1], config.context_in_dim), "Repeat it per picture.")
    _shape("img_ids", img_ids, (batch, img.shape[1], axes), "Build them with image_ids().")
    _shape("txt_ids", txt_ids, (batch, txt.shape[1], axes), "Build them with text_ids().")
    _shape("timesteps", timesteps, (batch,), "One time in [0, 1] for each picture.")
    _shape("y", y, (batch, config.vec_in_dim), "It is CLIP's pooled vector.")
    if config.guidance_embed and guidance is None:
        raise ValueError(
            "guidance is None, but this model is guidance-distilled and takes the scale as an "
            "input. Pass torch.full((batch,), 3.5)."
        )
    if guidance is not None:
        _shape("guidance", guidance, (batch,), "One scale for each picture.")
    for name, value in {"img": img, "txt": txt, "y": y, "timesteps": timesteps}.items():
        _floating(name, value)


def _tokens(name: str, value: Tensor, width: int, cure: str) -> None:
    if value.ndim != 3:
        raise ValueError(
            f"{name} has {value.ndim} axes {tuple(value.shape)} but Flux takes tokens "
            f"[batch, {name}, {width}]. {cure}"
        )
    if value.shape[-1] != width:
        raise ValueError(
            f"{name} tokens are {value.shape[-1]} wide {tuple(value.shape)} but this model takes "
            f"{width}. {cure}"
        )


def _shape(name: str, value: Tensor, expected: tuple[int, ...], cure: str) -> None:
    if tuple(value.shape) != expected:
        raise ValueError(
            f"{name} has shape {tuple(value.shape)} but {expected} is expected here. {cure}"
        )


def _floating(name: str, value: Tensor) -> None:
    if not value.is_floating_point():
        raise ValueError(
            f"{name} has dtype {value.dtype} but a floating-point type is expected. Call .float()."
        )
    if value.device.type != "meta" and not torch.isfinite(value).all():
        raise ValueError(
            f"{name} holds NaN or infinity. Look for a division by zero where it was made; "
            f"fp16 weights overflow in this model, bf16 does not."
        )
