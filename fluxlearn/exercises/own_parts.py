"""A model in which a reader's parts stand, with trained weights: does it paint the same picture?

    mine = with_own_parts(pipe, double_stream=my_double_stream, last_layer=my_last_layer)
    print(mine.flux.told())
    mine.paint(prompt, seed=1)

Parts are answers to the exercises of chapter 12. One that was not attempted leaves the package's in
its place, so the model can be taken over piece by piece; one that is wrong paints all the same.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.chapter_12.assemble import assemble
from fluxlearn.exercises.chapters import find_exercise
from fluxlearn.exercises.check import check_answer
from fluxlearn.exercises.exercise import Answer
from fluxlearn.model.flux import Flux, Setting
from fluxlearn.sampling.pipeline import Pipeline

PARTS = ("double_stream", "single_stream", "assemble", "last_layer")
SAID = {"right": "yours", "wrong": "yours, and the checker finds it wrong"}
PACKAGE = "the package's"


def with_own_parts(pipe: Pipeline, **answers: Answer) -> Pipeline:
    """A pipeline that paints by these parts wherever they were attempted.

    answers  name of a part → function: double_stream, single_stream, assemble, last_layer.

    Raises ValueError for another name and TypeError for what is no function.
    """
    for name in answers:
        if name not in PARTS:
            raise ValueError(f"{name!r} is no part of the model. There is {', '.join(PARTS)}.")
    return Pipeline(pipe.text, OwnFlux(pipe.flux, answers), pipe.autoencoder, pipe.defaults)


class OwnFlux(Flux):
    """A Flux with functions in the place of its parts; the weights are shared, not copied."""

    def __init__(self, flux: Flux, answers: Mapping[str, Answer]) -> None:
        with torch.device("meta"):
            super().__init__(flux.config)
        self.load_state_dict(flux.state_dict(), assign=True)
        self.eval().requires_grad_(False)
        self.statuses = {
            name: check_answer(find_exercise(name), answer).status
            for name, answer in answers.items()
        }
        self.own = {k: answers[k] for k, s in self.statuses.items() if s != "not attempted"}

    def velocity(
        self,
        img: Float[Tensor, "batch img patch"],
        timesteps: Float[Tensor, " batch"],
        setting: Setting,
    ) -> Float[Tensor, "batch img _"]:
        """One model call, as `Flux.velocity`, without its taps."""
        return self.own.get("assemble", assemble)(
            self.img_in(img),
            setting.txt,
            self._vec(timesteps, setting),
            [partial(self._double, block, setting.pe) for block in self.double_blocks],
            [partial(self._single, block, setting.pe) for block in self.single_blocks],
            self._last,
        )

    def told(self) -> str:
        """Which parts are the reader's, a line each."""
        said = {name: SAID.get(status, PACKAGE) for name, status in self.statuses.items()}
        lines = [f"{name:<14} {said.get(name, PACKAGE)}" for name in PARTS]
        return "\n".join([*lines, f"{len(self.own)} of {len(PARTS)} parts are yours"])

    def _double(self, block: Any, pe: Tensor, img: Tensor, txt: Tensor, vec: Tensor) -> Any:
        if "double_stream" not in self.own:
            return block(img, txt, vec, pe)
        return self.own["double_stream"](img, txt, vec, pe, dict(block.state_dict()))

    def _single(self, block: Any, pe: Tensor, x: Tensor, vec: Tensor) -> Any:
        if "single_stream" not in self.own:
            return block(x, vec, pe)
        return self.own["single_stream"](x, vec, pe, dict(block.state_dict()))

    def _last(self, img: Tensor, vec: Tensor) -> Any:
        if "last_layer" not in self.own:
            return self.final_layer(img, vec)
        return self.own["last_layer"](img, vec, dict(self.final_layer.state_dict()))
