"""The velocity lens over a painting: which picture was expected after each block, at each step?

    seen = velocity_lens(pipe, "a red circle", step=(0, 5, 10))
    seen.x0_hat                            # [step, depth, batch, img, patch]
    lens_pictures(pipe, seen)              # [step, depth, batch, rgb, px_h, px_w]

    (1)  v_k     = last layer(h_k)              as if the model stopped after block k
    (2)  x̂₀,k    = x_t − t · v_k                where that velocity leads

The last column is the painting's own estimate. Near t = 0 all columns look alike, for by (2) they
are x_t nearly whatever v_k is; `distance` compares the velocities themselves. What a lens can and
cannot tell stands in `fluxlearn.model.lens`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.flow import x0_from_velocity
from fluxlearn.model.lens import lens
from fluxlearn.sampling.excerpt import Steps, choose_steps, states_at
from fluxlearn.sampling.options import Options
from fluxlearn.sampling.pipeline import Pipeline, Prompt


@dataclass(frozen=True, kw_only=True, eq=False)
class VelocityLens:
    """Model calls of a painting, read at every depth; a solver that calls twice has two rows."""

    velocity: Float[Tensor, "step depth batch img patch"]
    x0_hat: Float[Tensor, "step depth batch img patch"]  # the picture expected, as tokens
    depths: tuple[str, ...]  # "embedding", "double 0", …: the last block that was passed
    steps: tuple[int, ...]  # of the solver, from 0
    times: tuple[float, ...]  # of the steps; 1 is noise, 0 is the picture
    height: int  # of the picture, in pixels
    width: int  # of the picture, in pixels

    def distance(self) -> Float[np.ndarray, "step depth batch"]:
        """How far each velocity is from the last, which is the model's own.

        ‖v_k − v‖ / ‖v‖                    1 is as far as saying nothing, v_k = 0, would be
        """
        v = self.velocity.flatten(-2)
        return ((v - v[:, -1:]).norm(dim=-1) / v[:, -1:].norm(dim=-1)).cpu().numpy()


def velocity_lens(
    pipe: Pipeline, prompt: Prompt, *, step: Steps = None, branch: str = "cond", **options: Any
) -> VelocityLens:
    """Paint, and read the residual stream at every depth of some steps.

    step     of the solver, from 0; one, several, or None for all. Later steps are not painted.
    branch   "cond" or, under true guidance, "uncond"; what is read is this branch alone.
    options  as for `paint`.

    Raises ValueError or TypeError before any model runs, TooLargeError before the first block.
    """
    wanted = choose_steps(pipe, step, options)
    with lens(pipe, steps=wanted, branch=branch) as calls:
        painted = states_at(pipe, prompt, wanted, options)
    pairs = zip(calls, painted, strict=True)
    # Of a reference picture's tokens, which come last, no velocity is followed.
    told = [(call.velocity[:, :, : s.x_t.shape[1]], s) for call, s in pairs]
    x0_hat = [x0_from_velocity(s.x_t.float(), velocity, s.time) for velocity, s in told]
    asked = Options.from_keywords(options, pipe.defaults)
    return VelocityLens(
        velocity=torch.stack([velocity for velocity, _ in told]),
        x0_hat=torch.stack(x0_hat),
        depths=calls[0].depths,
        steps=tuple(s.index for s in painted),
        times=tuple(s.time for s in painted),
        height=asked.height,
        width=asked.width,
    )


def lens_pictures(
    pipe: Pipeline, seen: VelocityLens, depths: Sequence[int] | None = None
) -> Float[Tensor, "step depth batch rgb px_h px_w"]:
    """The estimates as pictures in [−1, 1].

    depths  columns to decode, counted as in `seen.depths`; None is all. With FLUX.1 choose some:
            58 pictures a step are long to decode.

    Raises IndexError for a depth that is not there.
    """
    count = len(seen.depths)
    chosen = list(range(count)) if depths is None else list(depths)
    outside = [d for d in chosen if not -count <= d < count]
    if outside or not chosen:
        raise IndexError(
            f"depths are {chosen}, but {count} can be decoded: 0, the embedding, to {count - 1}, "
            f"after the last block."
        )
    rows = [
        torch.stack([pipe.decode(row[d], seen.height, seen.width) for d in chosen])
        for row in seen.x0_hat
    ]
    return torch.stack(rows)
