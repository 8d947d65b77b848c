"""Modulation over time: shift, scale and gate of every block at every step, without painting.

    table = modulations(pipe, "a red circle")
    table.gate                             # [step, branch, batch, dim]

    (1)  vec     = time_in(emb(t)) + guidance_in(emb(g)) + vector_in(pooled text)
    (2)  β, γ, α = split(lin(silu(vec)))             every branch of every block

No image token occurs in this, so the whole course of modulation is known before the first step: no
block runs, and all times are computed at once. It is the same for every seed, and two prompts with
the same pooled vector are modulated alike, however they differ for T5.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import silu

from fluxlearn.model.embeddings import timestep_embedding
from fluxlearn.model.flux import Flux
from fluxlearn.model.modulation import Modulation
from fluxlearn.sampling.options import Options
from fluxlearn.sampling.pipeline import Pipeline, Prompt

STREAMS = {"img": "image", "txt": "text"}
BRANCHES = ("attention", "MLP")


@dataclass(frozen=True, kw_only=True, eq=False)
class Modulations:
    """Shift, scale and gate over a painting; the last layer has no gate, so its gate is NaN."""

    shift: Float[np.ndarray, "step branch batch dim"]
    scale: Float[np.ndarray, "step branch batch dim"]
    gate: Float[np.ndarray, "step branch batch dim"]
    branches: tuple[str, ...]  # "double 0 · image attention", …, "single 0", …, "last layer"
    times: tuple[float, ...]  # of the steps; 1 is noise, 0 is the picture

    def sizes(self) -> dict[str, Float[np.ndarray, "branch step"]]:
        """Root mean square of each over pictures and channels, as `plot_modulation` takes them."""
        return {name: np.sqrt((x**2).mean(axis=(2, 3))).T for name, x in self._named().items()}

    def means(self) -> dict[str, Float[np.ndarray, "branch step"]]:
        """Mean of each over pictures and channels, as `plot_signed_modulation` takes them."""
        return {name: x.mean(axis=(2, 3)).T for name, x in self._named().items()}

    def _named(self) -> dict[str, np.ndarray]:
        return {"shift": self.shift, "scale": self.scale, "gate": self.gate}


@torch.no_grad()
def modulations(pipe: Pipeline, prompt: Prompt, **options: Any) -> Modulations:
    """Shift, scale and gate of every branch, at the times at which a painting's steps begin.

    options  as for `paint`. Under true guidance it is the prompt's branch that is told.

    Raises ValueError or TypeError before any model runs.
    """
    Options.from_keywords(options, pipe.defaults)
    conditioning = pipe._encode(prompt)
    run = pipe.prepare(conditioning, **options)
    times, like = run.times[:-1], pipe.flux.img_in.weight
    vec = conditioning_vectors(
        pipe.flux, torch.tensor(times).to(like), conditioning.pooled.to(like), run.options.guidance
    )
    names, rows = zip(*_branches(pipe.flux, vec), strict=True)
    table = torch.stack(rows, dim=2).float().cpu().numpy()
    shift, scale, gate = table
    return Modulations(shift=shift, scale=scale, gate=gate, branches=names, times=tuple(times))


def conditioning_vectors(
    flux: Flux,
    times: Float[Tensor, " step"],
    pooled: Float[Tensor, "batch vec"],
    guidance: float,
) -> Float[Tensor, "step batch dim"]:
    """`vec` at each time for each prompt, equation (1)."""
    vec = flux.time_in(timestep_embedding(times))[:, None]
    if flux.config.guidance_embed:
        vec = vec + flux.guidance_in(timestep_embedding(times.new_full((1,), guidance)))
    return vec + flux.vector_in(pooled)


def _branches(
    flux: Flux, vec: Float[Tensor, "step batch dim"]
) -> Iterator[tuple[str, Float[Tensor, "3 step batch dim"]]]:
    """Name of each branch, with its shift, scale and gate, from the first block to the last."""
    doubles: list[Any] = list(flux.double_blocks)
    singles: list[Any] = list(flux.single_blocks)
    for i, block in enumerate(doubles):
        for stream, name in STREAMS.items():
            both = _chunks(getattr(block, f"{stream}_mod"), vec)
            for branch, three in zip(BRANCHES, both.split(3), strict=True):
                yield f"double {i} · {name} {branch}", three
    for i, block in enumerate(singles):
        yield f"single {i}", _chunks(block.modulation, vec)
    shift, scale = flux.final_layer.adaLN_modulation(vec).chunk(2, dim=-1)
    yield "last layer", torch.stack([shift, scale, torch.full_like(shift, float("nan"))])


def _chunks(modulation: Modulation, vec: Tensor) -> Float[Tensor, "chunk step batch dim"]:
    """Shift, scale, gate of one branch, then of the next, equation (2)."""
    # Past the module's taps: whoever listens to `*.mod.*` should hear the model only.
    pattern = "step batch (chunk dim) -> chunk step batch dim"
    return rearrange(modulation.lin(silu(vec)), pattern, chunk=3 * modulation.branches)
