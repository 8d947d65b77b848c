"""The toy's flow model: `toy-base`, which paints by true classifier-free guidance.

    loss = mean ‖v(x_t, t, caption) − (ε − x₀)‖²          caption dropped for 1 in 10

Latents are cached, captions are worded and encoded afresh at each step. Everything that a step
draws depends on (seed, step), so a killed run goes on where its checkpoint stood.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.safe import save_weights
from fluxlearn.config import FluxConfig
from fluxlearn.model.flux import Flux
from fluxlearn.model.initialise import initialise
from fluxlearn.sampling.positions import image_ids, text_ids
from fluxlearn.sampling.schedule import shift_for
from fluxlearn.sampling.tokens import patchify
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.toy.cache import cached_latents, train_scenes
from fluxlearn.toy.captions import describe
from fluxlearn.toy.scene import CANVAS, Scene
from fluxlearn.training.average import Average
from fluxlearn.training.loop import train
from fluxlearn.training.loss import flow_loss
from fluxlearn.training.optimizers import muon_and_adamw
from fluxlearn.training.timesteps import draw_times

TOY_BASE = FluxConfig(
    in_channels=64,
    out_channels=64,
    vec_in_dim=128,
    context_in_dim=128,
    hidden_size=192,
    mlp_ratio=4.0,
    num_heads=6,
    depth=2,
    depth_single_blocks=4,
    axes_dim=(8, 12, 12),
    theta=10_000,
    qkv_bias=True,
    guidance_embed=False,
)
Cycles = tuple[tuple[int, float], ...]
CYCLES: Cycles = ((5600, 2e-3),)  # steps and Muon's peak learning rate; AdamW's is half of it
DROPPED = 0.1  # share of captions replaced by "", which teaches the unconditional velocity


class Frozen(NamedTuple):
    """What is trained already and only used from here on."""

    autoencoder: AutoEncoder
    text: TextEncoders


class Data(NamedTuple):
    """How much is trained on."""

    scenes: int = 20_000  # drawn once; their latents are cached
    batch: int = 64  # pictures a step


Batch = tuple[Tensor, Tensor, Tensor]
"""Clean image tokens, text tokens, pooled text."""


def train_flow(
    folder: Path, frozen: Frozen, data: Data, seed: int = 0, cycles: Cycles = CYCLES
) -> dict:
    """Train `toy-base`, save its averaged weights to `folder`, return its figures."""
    done = folder / "toy-base.json"
    if done.exists():
        return json.loads(done.read_text())
    flux = initialise(Flux(TOY_BASE), torch.Generator().manual_seed(seed))
    batch_at = batches(folder, frozen, data, seed)
    velocity = compiled_velocity(flux, data.batch, frozen.text("").txt.shape[1])
    average = Average(flux)

    def loss_at(step: int) -> Tensor:
        tokens, txt, pooled = batch_at(step)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        t = draw_times(data.batch, shift_for(tokens.shape[1]), generator)
        return flow_loss(lambda x, t: velocity(x, t, txt, pooled), tokens, t, generator)

    runs = []
    for i, (steps, rate) in enumerate(cycles):
        optimizers = muon_and_adamw(flux, muon_rate=rate, adamw_rate=rate / 2)
        # Every cycle draws its own batches.
        loss = partial(_later, loss_at, i * 100_003)
        runs.append(train(flux, loss, optimizers, folder / f"base{i}.checkpoint", steps, average))
    losses = [loss for run in runs for loss in run.losses]
    figures = {"cycles": cycles, **data._asdict(), "seed": seed}
    figures["seconds"] = round(sum(run.seconds for run in runs))
    figures["losses"] = [round(float(np.mean(c)), 5) for c in np.array_split(losses, 100)]
    save_weights(average.model, folder / "toy-base.safetensors", TOY_BASE)
    done.write_text(json.dumps(figures, indent=1))
    return figures


def _later(loss_at: Callable[[int], Tensor], start: int, step: int) -> Tensor:
    return loss_at(start + step)


def compiled_velocity(flux: Flux, batch: int, length: int) -> Callable[..., Tensor]:
    """velocity(x_t, t, txt, pooled, guidance), compiled, in bf16 where that is safe."""
    ids, no_ids = image_ids(batch, CANVAS, CANVAS), text_ids(batch, length)

    @torch.compile(dynamic=False)
    def velocity(x_t, t, txt, pooled, guidance=None):
        return flux(x_t, ids, txt, no_ids, t, pooled, guidance)

    def in_bf16(x_t, t, txt, pooled, guidance=None):
        # The plain attention formula: at 84 tokens the fused kernel's bf16 backward on a CPU takes
        # three times as long as two matrix products and a softmax.
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            return velocity(x_t, t, txt, pooled, guidance)

    return in_bf16


def batches(
    folder: Path, frozen: Frozen, data: Data, seed: int, stage: int = 0
) -> Callable[[int], Batch]:
    """batch_at(step) → image tokens, text tokens and pooled text of that step's batch.

    stage  0 for the flow model, 1 for what is distilled from it: the same scenes, other batches.
    """
    drawn = train_scenes(data.scenes, seed)
    latents = cached_latents(folder / "latents.safetensors", frozen.autoencoder, drawn)

    def batch_at(step: int) -> Batch:
        rng = np.random.default_rng((seed, stage * 1_000_003 + step))
        chosen = rng.integers(len(drawn), size=data.batch)
        told = frozen.text([_caption(drawn[i], rng) for i in chosen])
        return patchify(latents[chosen].float()), told.txt, told.pooled

    return batch_at


def _caption(scene: Scene, rng: np.random.Generator) -> str:
    caption = describe(scene, rng).text
    return "" if rng.random() < DROPPED else caption
