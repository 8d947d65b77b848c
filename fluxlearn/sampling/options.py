"""What a caller may say about a painting, and what a model says when the caller does not."""

import math
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from fluxlearn.sampling.guidance import KINDS
from fluxlearn.sampling.inputs.given import MODELS, check_sizes, read_pictures, size_from
from fluxlearn.sampling.solvers import SOLVERS
from fluxlearn.sampling.tokens import token_grid


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """How a model is sampled when the caller does not say otherwise."""

    name: str  # of the model, for messages
    steps: int
    guidance: float
    guidance_by: str  # "true", "embedded" or "none": see guidance.py
    shifted: bool  # whether the schedule is bent towards noise
    size: int  # pixels a side

    def __post_init__(self) -> None:
        """Refuse an unknown kind of guidance."""
        if self.guidance_by not in KINDS:
            raise ValueError(f"guidance_by is {self.guidance_by!r}, but one of {KINDS} is needed.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of `Pipeline.paint` and `Pipeline.steps`, all decided."""

    steps: int  # of the solver; more is finer and slower
    guidance: float  # how closely to follow the prompt
    height: int  # pixels, a multiple of 16
    width: int  # pixels, a multiple of 16
    seed: int = 0  # of the noise; the same seed gives the same noise on every device
    start_image: Image.Image | Tensor | None = None  # a picture of that size to start from
    strength: float = 1.0  # in (0, 1]: how much of the start image is painted over
    solver: str = "euler"  # or "midpoint" or "heun", which call the model twice a step
    control: Float[Tensor, "rgb px_h px_w"] | None = None  # edges or depth to follow
    image: Float[Tensor, "rgb px_h px_w"] | None = None  # a picture to paint into
    mask: Float[Tensor, "px_h px_w"] | None = None  # 1 where to paint into it, 0 where to keep it
    reference: Float[Tensor, "rgb _ _"] | None = None  # a picture to paint another of

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the pictures that the model is shown with the noise."""
        return tuple(name for name in MODELS if getattr(self, name) is not None)

    @classmethod
    def from_keywords(cls, keywords: dict[str, Any], defaults: Defaults) -> "Options":
        """Options from a caller's keywords, with a model's defaults filled in, all checked.

        Pictures may be PIL images or tensors. The painting takes over their size unless it is
        given another.

        Raises TypeError for an unknown option and ValueError for an impossible value.
        """
        known = [field.name for field in fields(cls)]
        for name in keywords:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
                raise TypeError(f"{name!r} is no option of painting. {hint}")
        fallback = {
            "steps": defaults.steps,
            "guidance": defaults.guidance,
            "height": defaults.size,
            "width": defaults.size,
        }
        given = {name: value for name, value in keywords.items() if value is not None}
        pictures = read_pictures(given, defaults.size)
        decided: dict[str, Any] = fallback | size_from(pictures) | given | pictures
        check_sizes(pictures, decided["height"], decided["width"])
        options = cls(**decided)
        options.check(defaults, "guidance" in given)
        return options

    def check(self, defaults: Defaults, asked_for_guidance: bool) -> None:
        """Refuse what cannot be painted; steps are checked by the schedule, strength where used."""
        token_grid(self.height, self.width)
        if self.solver not in SOLVERS:
            raise ValueError(f"solver is {self.solver!r}, but there are {', '.join(SOLVERS)}.")
        if asked_for_guidance and defaults.guidance_by == "none":
            raise ValueError(
                f"guidance is {self.guidance}, but {defaults.name} was distilled without a "
                f"guidance input. Leave it out."
            )
        if not isinstance(self.guidance, int | float) or not math.isfinite(self.guidance):
            raise ValueError(
                f"guidance is {self.guidance!r}, but a number is expected, 3.5 for example."
            )
        if self.guidance < 0:
            raise ValueError(
                f"guidance is {self.guidance}, but a scale of at least 0 is expected. Below 0 "
                f"would paint what the prompt does not say."
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ValueError(f"seed is {self.seed!r}, but a whole number from 0 is expected.")
