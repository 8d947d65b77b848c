"""Pipeline: prompt to picture, end to end.

    conditioning = text(prompts)                        CLIP and T5
    x            = patchify(noise)                      from a seed
    x            = solver(velocity, x, schedule)        Flux, once or twice a step
    picture      = decode(unpatchify(x))                the autoencoder

Source: BFL flux/cli.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.budget import make_sure_of_room
from fluxlearn.sampling.canvas import Canvas
from fluxlearn.sampling.guidance import (
    ModelCall,
    guided_velocity,
    model_call,
    plain_velocity,
)
from fluxlearn.sampling.image_to_image import encode_start, start_part_way
from fluxlearn.sampling.inputs.control import control_tokens
from fluxlearn.sampling.inputs.fill import fill_tokens
from fluxlearn.sampling.inputs.given import check_taken
from fluxlearn.sampling.inputs.kontext import encode_reference
from fluxlearn.sampling.options import Defaults, Options
from fluxlearn.sampling.picture import Picture
from fluxlearn.sampling.points import NOISE, STEPS
from fluxlearn.sampling.schedule import make_schedule
from fluxlearn.sampling.solvers import SOLVERS, State, StepTaps, Velocity
from fluxlearn.sampling.tokens import draw_noise, patchify, token_grid, unpatchify
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.text.points import POINTS as TEXT
from fluxlearn.trace.point import Point
from fluxlearn.trace.tap import tap

Prompt = str | list[str] | Conditioning


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A painting that is ready to go: checked, encoded, noised."""

    options: Options
    canvas: Canvas
    velocity: Velocity
    tokens: Float[Tensor, "batch img patch"]  # what the solver starts from
    times: list[float]


class Pipeline:
    """Text encoders, flow model and autoencoder, ready to paint."""

    path = ""

    def __init__(
        self, text: TextEncoders | None, flux: Flux, autoencoder: AutoEncoder, defaults: Defaults
    ) -> None:
        """Take loaded parts; `text` may be None if every prompt comes as a `Conditioning`."""
        self.text = text
        self.flux = flux
        self.autoencoder = autoencoder
        self.defaults = defaults
        self.step_taps = StepTaps()
        self.model_call: ModelCall = model_call

    def paint(self, prompt: Prompt, **options: Any) -> Picture:
        """Paint a picture for a prompt, or one for each prompt of a list.

        prompt   text, a list of texts, or a saved `Conditioning`.
        options  steps, guidance, seed, height, width, start_image, strength, solver: see `Options`.
                 Some models are shown pictures: control (canny, depth), image and mask (fill),
                 reference (kontext); each is a PIL image or a tensor in [−1, 1].

        Raises ValueError or TypeError that names the value and the cure, before any model runs.
        """
        run = self.prepare(prompt, **options)
        for state in self._follow(run):
            tokens = state.x_next
        return self._develop(prompt, run, tokens)

    def steps(self, prompt: Prompt, **options: Any) -> Iterator[State]:
        """Paint, stopping after every model call to show its `State`; options as for `paint`."""
        return self._follow(self.prepare(prompt, **options))

    def compile(self, **options: Any) -> None:
        """Compile the model call: the first picture of a size takes long, those after it less.

        options  of `torch.compile`, such as mode="max-autotune" or backend="eager".

        What is recorded or edited runs uncompiled as before, so every point is still there.
        """
        self.model_call = torch.compile(model_call, fullgraph=True, **options)

    @torch.no_grad()
    def decode(
        self,
        tokens: Float[Tensor, "batch img patch"],
        height: int | None = None,
        width: int | None = None,
    ) -> Float[Tensor, "batch rgb px_h px_w"]:
        """The pictures of image tokens in [−1, 1]: of a run's end, or of x₀ estimates on the way.

        height, width  in pixels; the model's own size unless said.
        """
        size = self.defaults.size
        latents = unpatchify(tokens, height or size, width or size)
        # Differs from BFL: decodes in the autoencoder's own precision, not under bf16 autocast.
        return self.autoencoder.decode(latents.to(self._autoencoder_weight)).clamp(-1, 1)

    @torch.no_grad()
    def prepare(self, prompt: Prompt, **options: Any) -> Run:
        """Check a request, encode its prompt and draw its noise."""
        asked = Options.from_keywords(options, self.defaults)
        check_taken(self.flux.config, self.defaults.name, asked.pictures)
        rows, columns = token_grid(asked.height, asked.width)
        times = make_schedule(asked.steps, rows * columns, self.defaults.shifted).tolist()
        conditioning = self._encode(prompt)
        canvas = self._canvas(asked, len(conditioning))
        make_sure_of_room(self.flux, self.autoencoder, canvas, conditioning.txt.shape[1])

        latents, times = self._first_latents(asked, canvas, times)
        tokens = patchify(tap(self, "in.latent", latents)).to(self.flux.img_in.weight)
        velocity = self._velocity(conditioning, canvas, asked.guidance)
        return Run(options=asked, canvas=canvas, velocity=velocity, tokens=tokens, times=times)

    def points(self) -> tuple[Point, ...]:
        """Every place that can be read or edited between a prompt and its picture, in order."""
        parts = (TEXT, NOISE, self.flux.points(), STEPS, self.autoencoder.points())
        return tuple(point for part in parts for point in part)

    def parts(self) -> tuple[Any, ...]:
        """The objects that tap: what a recorder of this pipeline listens to."""
        modules = (*self.flux.modules(), *self.autoencoder.modules())
        return (self, self.text, self.step_taps, *modules)

    @property
    def _autoencoder_weight(self) -> Tensor:
        return self.autoencoder.encoder.conv_in.weight

    @torch.no_grad()
    def _follow(self, run: Run) -> Iterator[State]:
        solver = SOLVERS[run.options.solver]
        yield from solver(run.velocity, run.tokens, run.times, self.step_taps)

    def _develop(self, prompt: Prompt, run: Run, tokens: Tensor) -> Picture:
        return Picture(
            pixels=self.decode(tokens, run.canvas.height, run.canvas.width),
            latents=unpatchify(tokens, run.canvas.height, run.canvas.width),
            times=tuple(run.times),
            prompt=list(prompt.prompts) if isinstance(prompt, Conditioning) else prompt,
            seed=run.options.seed,
        )

    def _encode(self, prompt: Prompt) -> Conditioning:
        if isinstance(prompt, Conditioning):
            return prompt
        if self.text is None:
            raise ValueError(
                "this pipeline has no text encoders, so it cannot read a prompt. Pass a saved "
                "Conditioning instead, or load the text encoders."
            )
        return self.text(prompt)

    def _canvas(self, asked: Options, batch: int) -> Canvas:
        beside = reference = None
        if asked.control is not None:
            beside = control_tokens(self.autoencoder, asked.control)
        if asked.image is not None and asked.mask is not None:
            beside = fill_tokens(self.autoencoder, asked.image, asked.mask)
        if asked.reference is not None:
            reference = encode_reference(self.autoencoder, asked.reference)
        size = {"height": asked.height, "width": asked.width}
        return Canvas(batch=batch, **size, beside=beside, reference=reference)

    def _first_latents(
        self, asked: Options, canvas: Canvas, times: list[float]
    ) -> tuple[Tensor, list[float]]:
        generator = torch.Generator().manual_seed(asked.seed)
        channels = self.autoencoder.config.z_channels
        noise = draw_noise(canvas.batch, channels, canvas.height, canvas.width, generator)
        if asked.start_image is None:
            return noise, times
        start = encode_start(self.autoencoder, asked.start_image, canvas.height, canvas.width)
        return start_part_way(noise, start.to(noise).expand_as(noise), times, asked.strength)

    def _velocity(self, prompt: Conditioning, canvas: Canvas, guidance: float) -> Velocity:
        if self.defaults.guidance_by != "true" or guidance == 1:
            return plain_velocity(self.flux, prompt, canvas, guidance, self.model_call)
        empty = self._encode([""] * canvas.batch)
        return guided_velocity(self.flux, (prompt, empty), canvas, guidance, self.model_call)
