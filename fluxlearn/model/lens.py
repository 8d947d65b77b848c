"""The velocity lens: what would the model answer if it stopped after this block?

    with lens(flux) as calls:
        flux(**inputs)
    calls[0].velocity                      # [depth, batch, img, patch]

All blocks add to one residual stream, and the last layer turns this stream into a velocity. Nothing
but training ties it to the place where it stands, so it can be held to any place:

    (1)  v_k = W·[(1 + γ)·norm(h_k) + β] + b         β, γ from vec, as always

h₀ is the noised picture as it is embedded, h_k the image tokens as they leave block k, double or
single. After the last block v_k is the velocity itself, bit for bit.

What a lens shows is there. What it does not show may be there all the same, in directions that the
last layer does not read and a later block does. Early lenses are therefore poor, and this alone
does not say that early blocks do little.

Only velocities are kept: 64 numbers a token where the stream of FLUX.1 has 3072.

Source: the logit lens of language models, nostalgebraist 2020; its weakness at early depths,
arXiv:2303.08112.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.config import FluxConfig
from fluxlearn.model.calls import CHEAPER, flux_of, listening
from fluxlearn.model.flux import Flux
from fluxlearn.model.last_layer import LastLayer
from fluxlearn.model.modulation import modulate
from fluxlearn.trace.attention.seen import Keep
from fluxlearn.trace.moment import Moment, current_moment, expected_calls
from fluxlearn.trace.record import MAX_BYTES
from fluxlearn.trace.sizes import refuse_above


@dataclass(frozen=True, kw_only=True, eq=False)
class Lens:
    """One model call, read at every depth."""

    velocity: Float[Tensor, "depth batch img patch"]  # the last one is the model's own; float32
    depths: tuple[str, ...]  # "embedding", "double 0", …: the last block that was passed
    moment: Moment | None  # when it was; None outside a sampler


@contextmanager
def lens(
    model: Any,
    *,
    steps: Collection[int] | None = None,
    branch: str = "cond",
    max_bytes: int = MAX_BYTES,
) -> Iterator[list[Lens]]:
    """Read every model call while the block runs: one `Lens` a call, in order.

    model      a pipeline, or a Flux.
    steps      sampling steps to read; None is all of them.
    branch     "cond" or, under true guidance, "uncond": each has a velocity of its own.
    max_bytes  refuse to hold more.

    A block that an edit bypasses repeats what stood before it.

    Raises TypeError on entering for another model, TooLargeError before the first block,
    NeverFiredError on leaving if no call was seen.
    """
    keep = Keep(average=(), steps=steps, branch=branch, max_bytes=max_bytes)
    reader = _Reader(flux_of(model), keep)
    with listening(reader.flux, reader.hear, keep):
        yield reader.calls


def read_out(
    layer: LastLayer, x: Float[Tensor, "batch img dim"], vec: Float[Tensor, "batch dim"]
) -> Float[Tensor, "batch img patch"]:
    """What the last layer makes of a stream, equation (1)."""
    # Written out, past the layer's taps: whoever listens to `final.*` should hear the model only.
    shift, scale = layer.adaLN_modulation(vec)[:, None].chunk(2, dim=-1)
    return layer.linear(modulate(layer.norm_final(x), shift, scale))


def depth_points(config: FluxConfig, stream: str = "img") -> dict[str, str]:
    """A stream by depth: point → the last block that was passed.

    stream  "img" or "txt"; in single blocks the two are one sequence, and the point holds both.
    """
    doubles = {f"double.{i}.{stream}.resid_post": f"double {i}" for i in range(config.depth)}
    singles = {f"single.{i}.resid_post": f"single {i}" for i in range(config.depth_single_blocks)}
    return {f"embed.{stream}": "embedding", **doubles, **singles}


class _Reader:
    """What listens for `lens`."""

    def __init__(self, flux: Flux, keep: Keep) -> None:
        self.flux, self.keep = flux, keep
        self.places = depth_points(flux.config)
        self.calls: list[Lens] = []
        self.found: dict[str, Tensor] = {}  # of the call that is running: place → velocity

    def hear(self, name: str, value: Any) -> None:
        if name == "embed.img":
            self._refuse(value)
            self.start, self.found = value, {}
        elif name == "vec":
            self.vec = value
            self._read("embed.img", self.start)
        elif name in self.places:
            self._read(name, value)
        elif name == "out.velocity":
            self._end()

    def _read(self, place: str, x: Tensor) -> None:
        # Text comes first in the joint stream; in an image stream this takes all tokens.
        picture = x[:, -self.start.shape[1] :]
        self.found[place] = read_out(self.flux.final_layer, picture, self.vec).float()

    def _end(self) -> None:
        first, *later = self.places
        rows = [self.found[first]]
        for place in later:
            rows.append(self.found.get(place, rows[-1]))
        depths, now = tuple(self.places.values()), current_moment()
        self.calls.append(Lens(velocity=torch.stack(rows), depths=depths, moment=now))

    def _refuse(self, x: Tensor) -> None:
        batch, img, _ = x.shape
        calls, depths = expected_calls(self.keep.steps), len(self.places)
        needed = 4 * calls * depths * batch * img * self.flux.config.out_channels
        what = f"{depths} velocities of {calls} calls"
        refuse_above(self.keep.max_bytes, what, needed, CHEAPER)
