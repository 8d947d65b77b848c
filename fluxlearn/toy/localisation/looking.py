"""Where maps come from whose words have a known place.

    noised scenes    x_t = (1 − t) · x₀ + t · ε, and one model call with the true caption
    paintings        noise → picture; the masks are read from what was painted

Noise on the latents of a true picture leaves its masks exact, at whatever time the model is asked,
and no mistake of painting comes between: this is how segmentation is measured on photographs
(ConceptAttention, arXiv:2502.04320). In a painting the model looks at what it makes up itself, so
only pictures count that show all that was asked for, and how many do is told.

Half of the scenes have one thing and half have two. Source of masks: draw.py and read.py.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from fluxlearn.flow import interpolate
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.schedule import make_schedule
from fluxlearn.sampling.tokens import PIXELS, patchify
from fluxlearn.toy.captions import Caption, everything, write
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.evaluate import judge
from fluxlearn.toy.localisation.targets import Target, targets
from fluxlearn.toy.localisation.word_maps import WordMaps, gather, take, watching
from fluxlearn.toy.read import read_picture
from fluxlearn.toy.scene import CANVAS, Scene, Thing
from fluxlearn.trace.moment import Moment, happening

TIMES = (0.2, 0.4, 0.6, 0.8, 0.95)
MIX = {"one": 1.0, "pair": 1.0}
SEED = 77
CHUNK = 16  # pictures together


def look_at_scenes(
    pipe: Pipeline,
    count: int,
    times: Sequence[float] = TIMES,
    split: str = "test",
    seed: int = SEED,
) -> WordMaps:
    """Maps from true pictures under noise: one model call for each scene and time.

    times  in (0, 1]; 1 is noise, 0 is the picture.

    Raises ValueError for times outside and a count below 2, TypeError for a pipeline without T5.
    """
    told = _tell(count, times, split, seed)
    generator, taken = torch.Generator().manual_seed(seed), []
    for start in _starts(count):
        part = told[start : start + CHUNK]
        captions = [caption.text for _, caption in part]
        with watching(pipe, captions) as watch:
            _look_under_noise(pipe, part, times, generator)
        taken += take(watch, [targets(scene, start + i) for i, (scene, _) in enumerate(part)])
    return gather(taken, count)


def look_while_painting(
    pipe: Pipeline,
    count: int,
    times: Sequence[float] = TIMES,
    split: str = "test",
    seed: int = SEED,
) -> WordMaps:
    """Maps from paintings of captions, of those that came out right.

    times  in (0, 1]; looked at are the steps of the model's own schedule that come nearest.

    Raises as `look_at_scenes` does, and ValueError when no picture comes out right.
    """
    told, taken = _tell(count, times, split, seed), []
    steps = _nearest_steps(pipe, times)
    for start in _starts(count):
        captions = [caption for _, caption in told[start : start + CHUNK]]
        texts = [caption.text for caption in captions]
        with watching(pipe, texts, steps) as watch:
            pictures = pipe.paint(texts, seed=seed + start, height=CANVAS, width=CANVAS).pixels
        pairs = enumerate(zip(pictures, captions, strict=True), start)
        taken += take(watch, [painted_targets(*pair, i) for i, pair in pairs])
    return gather(taken, count)


def painted_targets(
    pixels: Float[Tensor, "rgb px_h px_w"], caption: Caption, picture: int = 0
) -> list[Target]:
    """The targets of a painted picture, with masks of what was painted; none if it is not right."""
    reading = read_picture(pixels)
    if not judge(reading, caption.tells)["full"]:
        return []
    things = [
        Thing(shape=str(t.shape), colour=t.colour, half_width=t.half_width, x=t.x, y=t.y)
        for t in reading.things
    ]
    scene = Scene(background=str(reading.background), things=tuple(things))
    return list(targets(scene, picture))


def _tell(count: int, times: Sequence[float], split: str, seed: int) -> list[tuple[Scene, Caption]]:
    """Scenes, each with a caption that tells everything."""
    if count < 2:
        raise ValueError(
            f"{count} pictures are asked for, but heads are chosen on one half and judged on the "
            f"other, so at least 2 are needed. 512 give figures worth telling."
        )
    if not times or not all(0 < time <= 1 for time in times):
        raise ValueError(
            f"times are {tuple(times)}, but each must be in (0, 1]: 1 is noise, 0 is the picture."
        )
    rng = np.random.default_rng(seed)
    drawn = list(itertools.islice(scenes(rng, split, MIX, max_objects=2), count))
    told = [everything(scene) for scene in drawn]
    return [(s, Caption(text=write(t, rng), tells=t)) for s, t in zip(drawn, told, strict=True)]


def _starts(count: int) -> Iterator[int]:
    starts = range(0, count, CHUNK)
    # None draws the bar in a terminal, and not in a notebook or a file.
    yield from tqdm(starts, desc=f"batches of {CHUNK}", mininterval=2.0, leave=False, disable=None)


@torch.no_grad()
def _look_under_noise(
    pipe: Pipeline,
    part: Sequence[tuple[Scene, Caption]],
    times: Sequence[float],
    generator: torch.Generator,
) -> None:
    # What the empty prompt sees is of no use here, so true guidance is left out.
    plain = {"guidance": 1.0} if pipe.defaults.guidance_by == "true" else {}
    captions = [caption.text for _, caption in part]
    run = pipe.prepare(captions, height=CANVAS, width=CANVAS, **plain)
    pictures = torch.stack([draw(scene) for scene, _ in part])
    latents = pipe.autoencoder.encode(pictures.to(run.tokens.device))
    noise = torch.randn(latents.shape, generator=generator).to(latents)
    for step, time in enumerate(times):
        x_t = patchify(interpolate(latents, noise, time))
        with happening(Moment(step, time, of=len(times))):
            run.velocity(x_t.to(run.tokens), time)


def _nearest_steps(pipe: Pipeline, times: Sequence[float]) -> tuple[int, ...]:
    steps, shifted = pipe.defaults.steps, pipe.defaults.shifted
    schedule = make_schedule(steps, (CANVAS // PIXELS) ** 2, shifted)[:-1]
    return tuple(sorted({int((schedule - time).abs().argmin()) for time in times}))
