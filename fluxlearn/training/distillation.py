"""Guidance distillation: how a model learns to be guided in one call (FLUX.1-dev, toy-dev).

    teacher   v* = v(∅) + g · (v(prompt) − v(∅))        two calls, g drawn anew for each picture
    student   v  = v(prompt, g)                         one call, the scale is an input
    loss      mean ‖v − v*‖²

The student starts as the teacher, with an embedding of the scale that adds nothing yet.

Source: arXiv:2210.03142, stage one; that FLUX.1-dev is guidance-distilled is BFL's word, how is not
published.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.model.flux import Flux


def student_of(teacher: Flux) -> Flux:
    """A copy of the teacher that also takes a guidance scale, which changes nothing yet."""
    student = Flux(replace(teacher.config, guidance_embed=True))
    student.load_state_dict(teacher.state_dict(), strict=False)
    with torch.no_grad():
        # As fine clocks for the scale as for the time; what they say is not heard at first.
        student.guidance_in.load_state_dict(teacher.time_in.state_dict())
        for parameter in student.get_submodule("guidance_in.out_layer").parameters():
            parameter.zero_()
    return student


def draw_guidance(
    batch: int, low: float, high: float, generator: torch.Generator
) -> Float[Tensor, " batch"]:
    """Guidance scales, evenly drawn between two bounds."""
    return low + (high - low) * torch.rand(batch, generator=generator)


def guided_target(
    towards: Float[Tensor, "batch img patch"],
    away: Float[Tensor, "batch img patch"],
    guidance: Float[Tensor, " batch"],
) -> Float[Tensor, "batch img patch"]:
    """v(∅) + g · (v(prompt) − v(∅)), with a scale for each picture."""
    return away + guidance[:, None, None] * (towards - away)
