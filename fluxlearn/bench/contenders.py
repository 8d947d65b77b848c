"""Ways to make the same model call: ours and diffusers', plain, compiled, looked into.

Each takes a `Subject` and gives a function that makes one step's velocity. All share its weights.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fluxlearn.bench.subject import GUIDANCE, TIME, Subject
from fluxlearn.export.twin import their_arguments, twin_of
from fluxlearn.sampling.attend import attend
from fluxlearn.sampling.guidance import ModelCall, model_call, plain_velocity
from fluxlearn.sampling.positions import text_ids

Step = Callable[[], Tensor]
"""One model call: the velocity of every image token."""

WORDS = {f"word {i}": [i] for i in range(8)}


def ours(subject: Subject) -> Step:
    """As `pipe.paint` does it: nobody looks."""
    return _stepper(subject, model_call)


def ours_compiled(subject: Subject) -> Step:
    """As `pipe.paint` does it after `pipe.compile()`."""
    return _stepper(subject, torch.compile(model_call, fullgraph=True))


def ours_with_maps(subject: Subject) -> Step:
    """The same step with the maps of eight words, over all blocks."""
    step = ours(subject)

    def watched() -> Tensor:
        with attend(subject.flux, WORDS):
            return step()

    return watched


def diffusers(subject: Subject) -> Step:
    """diffusers' transformer with the same weights, as its pipeline calls it."""
    return _their_stepper(subject, twin_of(subject.flux))


def diffusers_compiled(subject: Subject) -> Step:
    """The same after `transformer.compile()`."""
    transformer = twin_of(subject.flux)
    transformer.compile(fullgraph=True)
    return _their_stepper(subject, transformer)


CONTENDERS: dict[str, Callable[[Subject], Step]] = {
    "ours": ours,
    "diffusers": diffusers,
    "ours, compiled": ours_compiled,
    "diffusers, compiled": diffusers_compiled,
    "ours, maps of 8 words": ours_with_maps,
}


def _stepper(subject: Subject, call: ModelCall) -> Step:
    canvas, told = subject.size.canvas, subject.conditioning
    velocity = plain_velocity(subject.flux, told, canvas, GUIDANCE, call)
    return lambda: velocity(subject.x, TIME)


def _their_stepper(subject: Subject, transformer: Any) -> Step:
    canvas, told, x = subject.size.canvas, subject.conditioning, subject.x
    inputs = {
        "img": x,
        "img_ids": canvas.ids().to(x),
        "txt": told.txt,
        "txt_ids": text_ids(canvas.batch, subject.size.txt).to(x),
        "timesteps": torch.full((canvas.batch,), TIME).to(x),
        "y": told.pooled,
    }
    if subject.size.config.guidance_embed:
        inputs["guidance"] = torch.full((canvas.batch,), GUIDANCE, device=x.device)
    arguments = their_arguments(inputs)
    return lambda: transformer(**arguments)[0]
