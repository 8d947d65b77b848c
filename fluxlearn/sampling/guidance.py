"""Guidance: how a model is made to follow its prompt more closely than the data did.

    true         v = v(∅) + g · (v(prompt) − v(∅))        two model calls a step
    embedded     v = v(prompt, g)                         one: the scale is an input
    none         v = v(prompt)                            one: distilled without a scale

Embedded guidance is what distillation makes of true guidance: FLUX.1-dev and toy-dev were trained
to give in one call what their teacher gives in two. schnell takes no scale at all.

Source: classifier-free guidance, arXiv:2207.12598; distillation, arXiv:2210.03142.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from fluxlearn.model.flux import Flux, Setting
from fluxlearn.sampling.canvas import Canvas
from fluxlearn.sampling.positions import text_ids
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.trace.moment import Moment, current_moment, happening
from fluxlearn.trace.tap import watched

KINDS = ("true", "embedded", "none")

ModelCall = Callable[[Flux, Tensor, Tensor, Setting], Tensor]


def model_call(flux: Flux, img: Tensor, timesteps: Tensor, setting: Setting) -> Tensor:
    """What is called at every step, or compiled: the model's own velocity."""
    return flux.velocity(img, timesteps, setting)


def plain_velocity(
    flux: Flux,
    conditioning: Conditioning,
    canvas: Canvas,
    guidance: float | None,
    call: ModelCall = model_call,
) -> Callable[[Tensor, float], Tensor]:
    """velocity(x, t) of one branch; text and rotations are embedded once for the whole run.

    x is the noise alone; what the canvas shows with it is added here, and not followed.
    """
    like = flux.img_in.weight
    conditioning = conditioning.to(like.device, like.dtype)
    img_ids = canvas.ids().to(like.device)
    txt_ids = text_ids(canvas.batch, conditioning.txt.shape[1]).to(like.device)
    scale = None
    if flux.config.guidance_embed and guidance is not None:
        scale = _filled(canvas.batch, guidance, like)
    constant = (img_ids, conditioning.txt, txt_ids)
    setting = None

    def velocity(x: Tensor, time: float) -> Tensor:
        nonlocal setting
        timesteps, img = _filled(canvas.batch, time, like), canvas.show(x)
        if watched():
            # Every stage runs at every step, so that each can be seen and edited at every step.
            v = flux(img, *constant, timesteps, conditioning.pooled, scale)
            return v[:, : x.shape[1]]
        if setting is None:
            setting = flux.setting(*constant, conditioning.pooled, scale)
        return call(flux, img, timesteps, setting)[:, : x.shape[1]]

    return velocity


def guided_velocity(
    flux: Flux,
    prompts: tuple[Conditioning, Conditioning],
    canvas: Canvas,
    guidance: float,
    call: ModelCall = model_call,
) -> Callable[[Tensor, float], Tensor]:
    """velocity(x, t) by true guidance: towards the first prompt and away from the second.

    Raises ValueError for a model that takes the scale as an input.
    """
    if flux.config.guidance_embed:
        raise ValueError(
            "this model has guidance_embed: the guidance scale is an input, and no second call is "
            "needed. Sample it with guidance_by='embedded'."
        )
    towards, away = (plain_velocity(flux, prompt, canvas, None, call) for prompt in prompts)

    def velocity(x: Tensor, time: float) -> Tensor:
        conditional = towards(x, time)
        now = current_moment() or Moment(0, time)
        with happening(replace(now, branch="uncond")):
            unconditional = away(x, time)
        return unconditional + guidance * (conditional - unconditional)

    return velocity


def _filled(batch: int, value: float, like: Tensor) -> Tensor:
    return torch.full((batch,), value, dtype=like.dtype, device=like.device)
