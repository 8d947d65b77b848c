"""Ways to make the same model call: ours and diffusers', plain, compiled, looked into.

Each takes a `Subject` and gives a function that makes one step's velocity. All share its weights.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fluxlearn.bench.subject import GUIDANCE, TIME, Subject
from fluxlearn.checkpoints.diffusers import diffusers_sizes, to_diffusers
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.attend import attend
from fluxlearn.sampling.guidance import ModelCall, plain_velocity
from fluxlearn.sampling.positions import image_ids, text_ids

Step = Callable[[], Tensor]
"""One model call: the velocity of every image token."""

WORDS = {f"word {i}": [i] for i in range(8)}


def ours(subject: Subject) -> Step:
    """As `pipe.paint` does it: nobody looks."""
    return _stepper(subject, Flux.velocity)


def ours_compiled(subject: Subject) -> Step:
    """As `pipe.paint` does it after `pipe.compile()`."""
    return _stepper(subject, torch.compile(Flux.velocity, fullgraph=True))


def ours_with_maps(subject: Subject) -> Step:
    """The same step with the maps of eight words, over all blocks."""
    step = ours(subject)

    def watched() -> Tensor:
        with attend(subject.flux, WORDS):
            return step()

    return watched


def diffusers(subject: Subject) -> Step:
    """diffusers' transformer with the same weights, as its pipeline calls it."""
    return _their_stepper(subject, _transformer(subject))


def diffusers_compiled(subject: Subject) -> Step:
    """The same after `transformer.compile()`."""
    transformer = _transformer(subject)
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


def _transformer(subject: Subject) -> Any:
    from diffusers import FluxTransformer2DModel

    with torch.device("meta"):
        twin = FluxTransformer2DModel(**diffusers_sizes(subject.size.config))
    theirs = to_diffusers(subject.flux.state_dict(), subject.size.config)
    twin.load_state_dict(theirs, assign=True)  # views of our tensors: no second copy
    return twin.eval().requires_grad_(False)


def _their_stepper(subject: Subject, transformer: Any) -> Step:
    canvas, told, x = subject.size.canvas, subject.conditioning, subject.x
    given = {
        "hidden_states": x,
        "timestep": torch.full((canvas.batch,), TIME).to(x),
        "encoder_hidden_states": told.txt,
        "pooled_projections": told.pooled,
        "img_ids": image_ids(1, canvas.height, canvas.width)[0].to(x),
        "txt_ids": text_ids(1, subject.size.txt)[0].to(x),
        "return_dict": False,
    }
    if subject.size.config.guidance_embed:
        given["guidance"] = torch.full((canvas.batch,), GUIDANCE, device=x.device)
    return lambda: transformer(**given)[0]
