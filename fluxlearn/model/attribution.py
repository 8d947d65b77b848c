"""Attribution: the velocity as an exact sum of what each head, MLP and bias has written.

    with attribute(flux) as calls:
        flux(**inputs)
    calls[0].values                        # [part, batch, img, patch]; their sum is the velocity

The image stream x is a sum of writes c (see `writes`), and the last layer is a LayerNorm followed
by an affine map:

    (1)  v = W·[(1 + γ)·(x − mean x) / σ + β] + b
    (2)  R = W·diag(1 + γ)·(I − 1·1ᵀ / dim)         reads a stream: one matrix a picture and time
    (3)  v = Σ R·c / σ  +  W·β  +  b                 a term a part

The mean of a sum is the sum of the means, so it goes into R. Only σ, one number a token, is not
linear in x; it is kept at its true value, √(var x + 10⁻⁶). Nothing is approximated: in float32 the
parts add up to the velocity but for rounding, and `rest` holds what is missing.

What this does not tell:

- What a part does to later blocks. A write is also read by all that follow it; this is its direct
  effect alone. Take a part away by an edit, and the velocity changes by something else.
- What σ would be without the part.
- What the text says. Text tokens write nothing to the picture directly; what comes from them is
  inside the heads' parts, beside what comes from other places of the picture.
- That a large part matters: two large parts may cancel.

Source: the residual stream as a sum of what is written to it, A Mathematical Framework for
Transformer Circuits, transformer-circuits.pub/2021/framework.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.model.calls import CHEAPER, flux_of, listening
from fluxlearn.model.flux import Flux
from fluxlearn.model.last_layer import LastLayer
from fluxlearn.model.writes import Part, Write, image_writes
from fluxlearn.trace.attention.seen import Keep
from fluxlearn.trace.moment import Moment, current_moment, expected_calls
from fluxlearn.trace.record import MAX_BYTES
from fluxlearn.trace.sizes import refuse_above

SHIFT = Part("last layer", "shift", "bias")
BIAS = Part("last layer", "bias", "bias")


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribution:
    """The velocity of one model call, part by part; float32 on the CPU."""

    values: Float[Tensor, "part batch img patch"]
    parts: tuple[Part, ...]  # what each value is, in order of execution
    velocity: Float[Tensor, "batch img patch"]  # what the model said
    moment: Moment | None  # when it was; None outside a sampler

    @property
    def rest(self) -> Float[Tensor, "batch img patch"]:
        """What the parts do not add up to: rounding, or edits of what was written."""
        return self.velocity - self.values.sum(dim=0)

    def share(self) -> Float[np.ndarray, "part batch"]:
        """How far each part goes along the velocity; below 0 it goes against it. The sum is 1.

        ⟨part, v⟩ / ⟨v, v⟩                             over all tokens of a picture
        """
        along = (self.values * self.velocity).sum(dim=(2, 3))
        return (along / self.velocity.square().sum(dim=(1, 2))).numpy()

    def size(self) -> Float[np.ndarray, "part batch"]:
        """How large each part is beside the velocity, whatever its direction.

        ‖part‖ / ‖v‖                                   over all tokens of a picture
        """
        return (_length(self.values) / _length(self.velocity)).numpy()

    def rest_size(self) -> Float[np.ndarray, " batch"]:
        """How large the rest is beside the velocity."""
        return (_length(self.rest) / _length(self.velocity)).numpy()


@contextmanager
def attribute(
    model: Any,
    *,
    steps: Collection[int] | None = None,
    branch: str = "cond",
    reduce: Callable[[Attribution], Any] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Iterator[list[Any]]:
    """Split the velocity of every model call while the block runs: one `Attribution` a call.

    model      a pipeline, or a Flux.
    steps      sampling steps to split; None is all of them.
    branch     "cond" or, under true guidance, "uncond": each has a velocity of its own.
    reduce     what to keep of each call; the whole `Attribution` unless said.
    max_bytes  refuse to hold more.

    A block that an edit bypasses has written nothing: its parts are 0.

    Raises TypeError on entering for another model, TooLargeError before the first block,
    NeverFiredError on leaving if no call was seen.
    """
    keep = Keep(average=(), steps=steps, branch=branch, max_bytes=max_bytes)
    splitter = _Splitter(flux_of(model), keep, reduce)
    with listening(splitter.flux, splitter.hear, keep):
        yield splitter.calls


def reading_matrix(
    layer: LastLayer, scale: Float[Tensor, "batch 1 dim"]
) -> Float[Tensor, "batch patch dim"]:
    """R, the matrix by which the last layer reads a stream, equation (2); float32."""
    weight = layer.linear.weight.float() * (1 + scale.float())
    return weight - weight.mean(dim=-1, keepdim=True)


class _Splitter:
    """What listens for `attribute`."""

    def __init__(self, flux: Flux, keep: Keep, reduce: Callable[[Attribution], Any] | None) -> None:
        self.flux, self.keep, self.reduce = flux, keep, reduce
        self.embedding, *later = image_writes(flux)
        self.writes = {write.point: write for write in later}
        self.gates = {write.gate for write in later}
        self.parts = _all_parts((self.embedding, *later))
        self.calls: list[Any] = []

    def hear(self, name: str, value: Any) -> None:
        if name == "in.img":
            self._refuse(value)
            self.start, self.seen, self.found = value, {}, {}
        elif name == "vec":
            self._begin(value)
        elif name in self.gates:
            self.seen[name] = value.float()
        elif name in self.writes:
            self._split(self.writes[name], value)
        elif name == "final.resid":
            variance = value.float().var(dim=-1, correction=0, keepdim=True)
            self.sigma = (variance + self.flux.final_layer.norm_final.eps).sqrt()
        elif name == "out.velocity":
            self._end(value.float())

    def _begin(self, vec: Tensor) -> None:
        """The matrix that reads the stream, and the parts that are there before the first block."""
        layer = self.flux.final_layer
        shift, scale = layer.adaLN_modulation(vec)[:, None].chunk(2, dim=-1)
        self.reading = reading_matrix(layer, scale)
        self.shift = shift.float() @ layer.linear.weight.float().mT
        self._split(self.embedding, self.start)

    def _split(self, write: Write, values: Tensor) -> None:
        """R·c for every part of one write; division by σ comes when σ is known."""
        reading = self.reading * self.seen[write.gate] if write.gate else self.reading
        matrix = reading @ write.linear.weight.float()
        # Text comes first in the joint stream; in an image stream this takes all tokens.
        picture = values[:, -self.start.shape[1] :].float()
        for part, columns in write.columns.items():
            self.found[part] = picture[..., columns] @ matrix[..., columns].mT
        self.found[write.bias] = (reading @ write.linear.bias.float())[:, None]

    def _end(self, velocity: Tensor) -> None:
        found = {part: value / self.sigma for part, value in self.found.items()}
        found[SHIFT], found[BIAS] = self.shift, self.flux.final_layer.linear.bias.float()
        nothing = torch.zeros_like(velocity)
        values = [found.get(part, nothing).expand_as(velocity).cpu() for part in self.parts]
        call = Attribution(
            values=torch.stack(values),
            parts=self.parts,
            velocity=velocity.cpu(),
            moment=current_moment(),
        )
        self.calls.append(self.reduce(call) if self.reduce else call)

    def _refuse(self, x: Tensor) -> None:
        batch, img, _ = x.shape
        calls = 1 if self.reduce else expected_calls(self.keep.steps)
        needed = 4 * calls * len(self.parts) * batch * img * self.flux.config.out_channels
        what = f"{len(self.parts)} parts of {calls} calls"
        refuse_above(self.keep.max_bytes, what, needed, CHEAPER)


def _all_parts(writes: tuple[Write, ...]) -> tuple[Part, ...]:
    written = [part for write in writes for part in (*write.columns, write.bias)]
    return (*written, SHIFT, BIAS)


def _length(values: Tensor) -> Tensor:
    """The length of all of one picture's tokens as one vector."""
    return values.flatten(-2).norm(dim=-1)
