"""A look inside one painting: everything the demo shows, gathered before the clock runs.

estimates    the decoded x₀ estimates          one a step
modulation   rms of shift, scale and gate      [branch, step]
img, txt     rms of both streams by depth      [step, depth]
timings      of the painting itself            one a stage
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from fluxlearn.demo.stages import Timing, time_stages
from fluxlearn.demo.verdict import Verdict, verdict_on
from fluxlearn.sampling.modulations import modulations
from fluxlearn.sampling.picture import Picture, to_pil
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.streams import look_at_streams
from fluxlearn.trace.record import record


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What was seen in one painting."""

    prompt: str
    pipe: Pipeline
    picture: Picture
    estimates: list[Image.Image]  # what the model expected to paint, at every step
    modulation: dict[str, Float[np.ndarray, "branch step"]]  # "shift", "scale", "gate"
    branches: tuple[str, ...]  # names of its rows
    img: Float[np.ndarray, "step depth"]  # size of the image stream
    txt: Float[np.ndarray, "step depth"]  # size of the text stream
    timings: tuple[Timing, ...]
    verdict: Verdict

    @property
    def times(self) -> tuple[float, ...]:
        """The time of every step; without the end of the last, at which no model is called."""
        return self.picture.times[:-1]

    @property
    def seconds(self) -> float:
        """Wall time from prompt to picture."""
        return sum(timing.seconds for timing in self.timings)


def look_inside(pipe: Pipeline, prompt: str, seed: int, steps: int) -> Look:
    """Paint a prompt twice: once recorded, then, warmed up, with a clock."""
    options: dict[str, Any] = {"seed": seed, "steps": steps}
    modulation = modulations(pipe, prompt, **options)
    with record(pipe, "step.x0_hat") as seen:
        streams = look_at_streams(pipe, prompt, **options)
    estimates = pipe.decode(seen["step.x0_hat"][:, 0])
    picture, timings = time_stages(pipe, lambda: pipe.paint(prompt, **options))

    return Look(
        prompt=prompt,
        pipe=pipe,
        picture=picture,
        estimates=[to_pil(pixels) for pixels in estimates],
        modulation=modulation.sizes(),
        branches=modulation.branches,
        img=streams.img.size[..., 0],
        txt=streams.txt.size[..., 0],
        timings=timings,
        verdict=verdict_on(picture.pixels[0], prompt),
    )
