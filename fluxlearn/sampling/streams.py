"""What the two streams carry, block by block and step by step, beside each other.

    seen = look_at_streams(pipe, "a red circle")
    seen.img.size                          # [step, depth, batch]
    seen.txt.value                         # [step, block, batch, head]

    size       √mean(x²) of a token, as it leaves a block; the mean over the stream's tokens
    value      ‖v‖ of a token, what it has to give in attention; the mean over the stream's tokens
    peak       the largest |x| of all tokens and channels, and where it is
    median     the median |x|: how large an ordinary number is
    kurtosis   mean(x⁴) / mean(x²)² of a token about its mean; the mean over the stream's tokens

A few channels of a transformer's stream are often a hundred times larger than the rest (massive
activations). Then peak / median is large and kurtosis, 3 for a bell curve, is many times 3. The
LayerNorm of each block divides a token by its spread, so such a channel makes all others small.

In single blocks the streams are one sequence with the same weights, text first; they are told apart
here by position.

Source: massive activations, arXiv:2402.17762, in diffusion transformers arXiv:2510.11538; norms of
values by stream, arXiv:2509.18096.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from fluxlearn.config import FluxConfig
from fluxlearn.model.lens import depth_points
from fluxlearn.sampling.excerpt import Steps, choose_steps, paint_until
from fluxlearn.sampling.pipeline import Pipeline, Prompt
from fluxlearn.trace.record import Record, record
from fluxlearn.trace.reduce import norm, outliers


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """The text tokens or the image tokens of some model calls; see the module for the measures."""

    size: Float[np.ndarray, "step depth batch"]
    value: Float[np.ndarray, "step block batch head"]
    peak: Float[np.ndarray, "step depth batch"]
    peak_token: Int[np.ndarray, "step depth batch"]  # counted within the stream
    peak_channel: Int[np.ndarray, "step depth batch"]
    median: Float[np.ndarray, "step depth batch"]
    kurtosis: Float[np.ndarray, "step depth batch"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Streams:
    """Both streams of a painting; a solver that calls twice has two rows a step."""

    img: Stream
    txt: Stream
    depths: tuple[str, ...]  # "embedding", "double 0", …: the last block that was passed
    doubles: int  # how many of the blocks are double blocks
    times: tuple[float, ...]  # of the steps; 1 is noise, 0 is the picture


def look_at_streams(
    pipe: Pipeline, prompt: Prompt, *, step: Steps = None, branch: str = "cond", **options: Any
) -> Streams:
    """Paint, and measure both streams at every depth of some steps.

    step     of the solver, from 0; one, several, or None for all. Later steps are not painted.
    branch   "cond" or, under true guidance, "uncond".
    options  as for `paint`.

    Raises ValueError or TypeError before any model runs, TooLargeError before the first block.
    """
    wanted, config = choose_steps(pipe, step, options), pipe.flux.config
    residuals = [name for stream in ("img", "txt") for name in depth_points(config, stream)]
    only: dict[str, Any] = {"steps": wanted, "branch": branch, "to": "cpu"}
    with (
        record(pipe, residuals, reduce=norm, **only) as lengths,
        record(pipe, residuals, reduce=outliers, **only) as extremes,
        record(pipe, "*.attn.v", reduce=norm, **only) as values,
    ):
        for _ in paint_until(pipe, prompt, wanted[-1], options):
            pass

    # Text comes first in the joint stream; in a stream of its own either slice takes all tokens.
    txt, img = (lengths[f"embed.{stream}"].shape[-1] for stream in ("txt", "img"))
    seen = lengths, extremes, values
    return Streams(
        img=_measure(config, "img", slice(-img, None), seen),
        txt=_measure(config, "txt", slice(txt), seen),
        depths=tuple(depth_points(config).values()),
        doubles=config.depth,
        times=tuple(moment.time for moment in lengths.moments("embed.txt")),
    )


def _measure(
    config: FluxConfig, stream: str, own: slice, seen: tuple[Record, Record, Record]
) -> Stream:
    """One stream's measures.

    own   its tokens.
    seen  lengths and extremes of residuals, lengths of values.
    """
    lengths, extremes, values = seen
    places = depth_points(config, stream)
    size = [lengths[place][..., own].mean(dim=-1) for place in places]
    value = [block[..., own].mean(dim=-1) for block in values.values()]
    told = torch.stack([extremes[place][..., own, :] for place in places], dim=1)
    peak, channel, median, kurtosis = told.unbind(dim=-1)  # each [step, depth, batch, tokens]
    largest, token = peak.max(dim=-1)
    return Stream(
        size=torch.stack(size, dim=1).numpy() / config.hidden_size**0.5,
        value=torch.stack(value, dim=1).numpy(),
        peak=largest.numpy(),
        peak_token=token.numpy(),
        peak_channel=channel.gather(-1, token[..., None])[..., 0].long().numpy(),
        median=median.median(dim=-1).values.numpy(),
        kurtosis=kurtosis.mean(dim=-1).numpy(),
    )
