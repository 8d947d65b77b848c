"""The stages between a prompt and its picture, in order, and the time spent in each.

Every value of a forward pass goes through a tap when it has been computed, so a handler that reads
the clock at every tap knows what took how long: the time since the previous tap belongs to the
stage of the point that has just fired. Reading costs about a microsecond.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from time import perf_counter
from typing import Any

from fluxlearn.sampling.picture import Picture
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.trace.tap import handling

MEASURED = (
    "Wall time of a second run with the same seed, in which a handler reads the clock whenever a "
    "value passes a tap: the time since the previous tap belongs to the stage that made the value."
)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One row of the table."""

    name: str
    points: tuple[str, ...]  # globs; the first stage with a matching one owns a point
    shows: tuple[str, ...]  # globs of the points whose shapes are told
    kind: str  # what it works on, for its colour: text, time or image
    meaning: str


# fmt: off
STAGES = (
    Stage(name="T5", points=("text.t5",), shows=("text.t5",), kind="text",
          meaning="The prompt as one feature vector a word."),
    Stage(name="CLIP", points=("text.clip",), shows=("text.clip",), kind="text",
          meaning="The prompt as a single vector: its gist."),
    Stage(name="Noise", points=("in.latent",), shows=("in.latent",), kind="image",
          meaning="Drawn from the seed; all that differs between two pictures of one prompt."),
    Stage(name="Embeddings", points=("in.*", "embed.*", "pe*", "vec"), kind="time",
          shows=("embed.img", "embed.txt", "vec", "pe"),
          meaning="Everything at the width of the model. Text, guidance and rotations stay the "
                  "same, so unwatched they are embedded once a run and not once a step."),
    Stage(name="Double blocks", points=("double.*",), kind="image",
          shows=("double.*.img.resid_post", "double.*.txt.resid_post"),
          meaning="Two streams with weights of their own; they meet in attention."),
    Stage(name="Single blocks", points=("stream", "single.*"), shows=("single.*.resid_post",),
          kind="image", meaning="Text and image as one sequence; attention and MLP side by side."),
    Stage(name="Last layer", points=("final.*", "out.velocity"), shows=("out.velocity",),
          kind="image", meaning="A velocity for every image token."),
    Stage(name="Solver step", points=("step.*",), shows=("step.x_next",), kind="time",
          meaning="Moves the image tokens a little way along the velocity."),
    Stage(name="Decoder", points=("decoder.*",), shows=("decoder.pixels",), kind="image",
          meaning="Latents become pixels, once, at the very end."),
)
# fmt: on


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A point's shape in words and in numbers."""

    point: str
    words: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def axes(self) -> str:
        """[batch 1, img 64, dim 192]; an axis whose word is a number needs no size."""
        pairs = zip(self.words, self.sizes, strict=True)
        told = (word if word.isdigit() else f"{word} {size}" for word, size in pairs)
        return f"[{', '.join(told)}]"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """A stage as it was measured."""

    stage: Stage
    runs: int  # how often it made its first shown value: steps, or steps × blocks
    seconds: float  # of all runs together
    shapes: tuple[Shape, ...]


@dataclass(eq=False)
class Clock:
    """A tap handler that adds up the time spent in each stage."""

    seconds: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # stage → wall time
    fired: Counter[str] = field(default_factory=Counter)  # point → how often
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict)  # point → shape
    before: float = field(default_factory=perf_counter)  # when the previous tap was left

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        """Charge the time since the previous tap to this point's stage."""
        spent = perf_counter() - self.before
        stage = stage_of(name)
        if stage is not None:
            self.seconds[stage.name] += spent
        self.fired[name] += 1
        self.sizes[name] = tuple(getattr(value, "shape", ()))
        self.before = perf_counter()
        return value


@cache
def stage_of(point: str) -> Stage | None:
    """The stage that a point belongs to; None outside a painting, as in the AE's encoder."""
    return next((s for s in STAGES if any(fnmatchcase(point, glob) for glob in s.points)), None)


def time_stages(pipe: Pipeline, paint: Callable[[], Picture]) -> tuple[Picture, tuple[Timing, ...]]:
    """Run a painting once; give it, and how long each stage took."""
    words = {point.name: tuple(point.shape.split()) for point in pipe.points()}
    clock = Clock()
    with handling(clock):
        picture = paint()
    return picture, tuple(_timing(stage, clock, words) for stage in STAGES)


def _timing(stage: Stage, clock: Clock, words: dict[str, tuple[str, ...]]) -> Timing:
    groups = [[name for name in clock.fired if fnmatchcase(name, glob)] for glob in stage.shows]
    shapes = (
        Shape(point=glob, words=words[group[0]], sizes=clock.sizes[group[0]])
        for glob, group in zip(stage.shows, groups, strict=True)
        if group
    )
    return Timing(
        stage=stage,
        runs=sum(clock.fired[name] for name in groups[0]),
        seconds=clock.seconds[stage.name],
        shapes=tuple(shapes),
    )
