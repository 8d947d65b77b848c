"""What the trained miniature computes on its way to a picture: numbers to check answers on.

Random numbers are all alike. The activations of a trained model have outliers, correlations and
constant channels, as an answer will meet them in earnest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from torch import Tensor

from fluxlearn.load import load
from fluxlearn.sampling.pipeline import Pipeline, Run
from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.text.t5 import T5Encoder
from fluxlearn.trace.record import record

PROMPT = "a large red circle left of a small blue square on a white background"
POINTS = (
    "in.*", "embed.*", "vec", "pe", "pe.ids", "double.0.*", "stream", "single.0.*", "final.resid",
    "step.*",
)  # fmt: skip
STEPS, STEP = 4, 1  # of a short painting, and which one is recorded


@dataclass(frozen=True, eq=False)
class Trained:
    """toy-dev in the middle of a painting."""

    pipe: Pipeline
    run: Run  # the painting: its schedule, its first tokens, its velocity
    seen: Mapping[str, Tensor]  # point → value at the recorded step

    def weights(self, path: str) -> dict[str, Tensor]:
        """The transformer's weights whose names begin with a path, by what comes after it."""
        named = self.pipe.flux.named_parameters()
        return {name.removeprefix(path): value for name, value in named if name.startswith(path)}

    @property
    def clip(self) -> ClipEncoder:
        """The toy's CLIP."""
        return self._text.clip

    @property
    def t5(self) -> T5Encoder:
        """The toy's T5."""
        return cast(T5Encoder, self._text.t5)

    @property
    def _text(self) -> TextEncoders:
        return cast(TextEncoders, self.pipe.text)


@cache
def trained() -> Trained:
    """Load toy-dev and record one step; once in a process, since nothing of it changes."""
    pipe = load("toy-dev")
    pipe.flux.requires_grad_(False)
    run = pipe.prepare(PROMPT, steps=STEPS, seed=0)
    with record(pipe, POINTS, steps=[STEP]) as seen:
        for _ in pipe.steps(PROMPT, steps=STEPS, seed=0):
            pass
    return Trained(pipe, run, {name: _at_step(seen[name], seen.moments(name)) for name in seen})


def _at_step(value: Tensor, moments: list) -> Tensor:
    """The value without its axis of steps; what is computed before the first step has none."""
    return value[0] if moments else value
