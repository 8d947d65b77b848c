"""`toy-dev`: the toy's flow model, distilled so that guidance costs one call instead of two.

    loss = mean ‖v_dev(x_t, t, caption, g) − [v(∅) + g · (v(caption) − v(∅))]‖²      g ~ U(1, 6)

v is `toy-base`, frozen. Source: `fluxlearn.training.distillation`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fluxlearn.checkpoints.safe import save_weights
from fluxlearn.files import write_whole
from fluxlearn.flow import interpolate
from fluxlearn.model.flux import Flux
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.toy.train_flow import CYCLES, SCENES, Batch, Frozen, batches, compiled_velocity
from fluxlearn.training.average import Average
from fluxlearn.training.distillation import draw_guidance, guided_target, student_of
from fluxlearn.training.loop import train
from fluxlearn.training.optimizers import muon_and_adamw
from fluxlearn.training.timesteps import draw_times

WEAKEST, STRONGEST = 1.0, 6.0  # guidance scales that the student learns
LATEST = CYCLES[-1]  # the student is asked at the times at which its teacher learned last


class Length(NamedTuple):
    """How long the distillation is."""

    steps: int
    batch: int  # pictures a step


LENGTH = Length(500, 32)


def train_dev(
    folder: Path,
    teacher: Flux,
    frozen: Frozen,
    scenes: int = SCENES,
    seed: int = 0,
    length: Length = LENGTH,
) -> dict:
    """Distil `toy-dev` from its teacher, save its averaged weights, return its figures."""
    done = folder / "toy-dev.json"
    if done.exists():
        return json.loads(done.read_text())
    steps, batch = length
    student = student_of(teacher).requires_grad_(True)
    batch_at = batches(folder, frozen, scenes, seed, stage=1)
    loss_at = distillation_loss((teacher, student), batch_at, frozen.text(""), batch, seed)
    optimizers = muon_and_adamw(student, muon_rate=5e-4, adamw_rate=5e-4)
    average = Average(student, decay=0.995)

    run = train(student, loss_at, optimizers, folder / "dev.checkpoint", steps, average)
    figures = {**length._asdict(), "scenes": scenes, "seed": seed}
    figures["seconds"] = round(run.seconds)
    figures["losses"] = [round(float(np.mean(c)), 5) for c in np.array_split(run.losses, 60)]
    save_weights(average.model, folder / "toy-dev.safetensors", student.config)
    write_whole(done, json.dumps(figures, indent=1))
    return figures


def distillation_loss(
    models: tuple[Flux, Flux],
    batch_at: Callable[[int, int], Batch],
    nothing: Conditioning,
    batch: int,
    seed: int,
) -> Callable[[int], Tensor]:
    """loss_at(step): the student's distance from its guided teacher on that step's batch.

    models   teacher and student
    nothing  the empty prompt's conditioning
    """
    length = nothing.txt.shape[1]
    guide, learner = (compiled_velocity(model, batch, length) for model in models)

    def loss_at(step: int) -> Tensor:
        tokens, txt, pooled = batch_at(step, batch)
        generator = torch.Generator().manual_seed((seed + 1) * 1_000_003 + step)
        t = draw_times(batch, LATEST.shift, generator, LATEST.spread)
        guidance = draw_guidance(batch, WEAKEST, STRONGEST, generator)
        x_t = interpolate(tokens, torch.randn(tokens.shape, generator=generator), t)

        with torch.no_grad():
            towards = guide(x_t, t, txt, pooled).float()
            empty = (nothing.txt.expand_as(txt), nothing.pooled.expand_as(pooled))
            away = guide(x_t, t, *(part.contiguous() for part in empty)).float()
        target = guided_target(towards, away, guidance)
        return (learner(x_t, t, txt, pooled, guidance).float() - target).square().mean()

    return loss_at
