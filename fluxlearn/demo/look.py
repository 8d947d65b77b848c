"""A look inside one painting: everything the demo shows, gathered in one recorded run.

    modulation   rms of shift, scale and gate      [branch, step]
    residuals    rms of both streams by depth      [step, depth]
    estimates    the decoded x₀ estimates          one a step

Only lengths of vectors are kept (`reduce=norm`), so recording costs kilobytes. rms = length / √dim.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.config import FluxConfig
from fluxlearn.demo.stages import Timing, time_stages
from fluxlearn.demo.verdict import Verdict, verdict_on
from fluxlearn.sampling.picture import Picture, to_pil
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.tokens import unpatchify
from fluxlearn.trace.record import record
from fluxlearn.trace.reduce import norm

LENGTHS = ("*.mod.*", "final.shift", "final.scale", "embed.img", "embed.txt", "*.resid_post")
PARTS = ("shift", "scale", "gate")


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What was seen in one painting."""

    prompt: str
    pipe: Pipeline
    picture: Picture
    estimates: list[Image.Image]  # what the model expected to paint, at every step
    modulation: dict[str, Float[np.ndarray, "branch step"]]  # "shift", "scale", "gate"
    branches: list[str]  # names of its rows
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
    with record(pipe, LENGTHS, reduce=norm) as lengths, record(pipe, "step.x0_hat") as seen:
        picture = pipe.paint(prompt, seed=seed, steps=steps)
    timings = time_stages(pipe, lambda: pipe.paint(prompt, seed=seed, steps=steps))

    config = pipe.flux.config
    sizes = {name: lengths[name][:, 0] / config.hidden_size**0.5 for name in lengths}
    img, txt = _residuals(sizes, config)
    return Look(
        prompt=prompt,
        pipe=pipe,
        picture=picture,
        estimates=_decoded(pipe, seen["step.x0_hat"][:, 0], picture),
        modulation={part: _modulation(sizes, config, part) for part in PARTS},
        branches=[name for name, _, _ in _branches(config)],
        img=img,
        txt=txt,
        timings=timings,
        verdict=verdict_on(picture.pixels[0], prompt),
    )


@torch.no_grad()
def _decoded(
    pipe: Pipeline, tokens: Float[Tensor, "step img patch"], picture: Picture
) -> list[Image.Image]:
    height, width = picture.pixels.shape[-2:]
    latents = unpatchify(tokens, height, width).to(picture.pixels)
    return [to_pil(pixels) for pixels in pipe.autoencoder.decode(latents)]


def _branches(config: FluxConfig) -> list[tuple[str, str, str]]:
    """Every modulated part by depth: what to call it, and its points before and after the part."""
    branches = ((1, "attention"), (2, "MLP"))
    streams = (("img", "image"), ("txt", "text"))
    doubles = [
        (f"double {i} · {name} {what}", f"double.{i}.{stream}.mod.", str(number))
        for i in range(config.depth)
        for stream, name in streams
        for number, what in branches
    ]
    singles = [(f"single {i}", f"single.{i}.mod.", "") for i in range(config.depth_single_blocks)]
    return [*doubles, *singles, ("last layer", "final.", "")]


def _modulation(
    sizes: dict[str, Tensor], config: FluxConfig, part: str
) -> Float[np.ndarray, "branch step"]:
    """One of shift, scale and gate of all branches; NaN for the last layer, which has no gate."""
    names = [f"{before}{part}{after}" for _, before, after in _branches(config)]
    missing = torch.full_like(next(iter(sizes.values()))[:, 0], float("nan"))
    rows = [sizes[name][:, 0] if name in sizes else missing for name in names]
    return torch.stack(rows).float().cpu().numpy()


def _residuals(
    sizes: dict[str, Tensor], config: FluxConfig
) -> tuple[Float[np.ndarray, "step depth"], Float[np.ndarray, "step depth"]]:
    """Mean size of image and of text tokens, at the embedding and after every block."""
    words = sizes["embed.txt"].shape[1]
    after = [sizes[f"single.{i}.resid_post"] for i in range(config.depth_single_blocks)]
    streams = {
        "img": [x[:, words:] for x in after],
        "txt": [x[:, :words] for x in after],
    }
    both = []
    for stream, singles in streams.items():
        doubles = [sizes[f"double.{i}.{stream}.resid_post"] for i in range(config.depth)]
        all_depths = [sizes[f"embed.{stream}"], *doubles, *singles]
        both.append(torch.stack([x.mean(dim=1) for x in all_depths], dim=1).float().cpu().numpy())
    return both[0], both[1]
