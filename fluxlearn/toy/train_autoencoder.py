"""The toy's autoencoder: FLUX.1's layout at 1 M parameters.

    loss = |x̂ − x| + (x̂ − x)² + weight · KL(N(mean, variance) ‖ N(0, 1))

First on 64-px crops, which are cheap and full of edges, then on whole pictures: the statistics that
GroupNorm takes over a crop do not carry over. Four groups instead of 32: with 32 groups over 32
channels GroupNorm is instance normalisation, forgets the mean colour, and every object gets a halo.

Then scale and shift are measured, so that latents have mean 0 and spread 1, and the decoder alone
learns on from the fixed latents, where a sharp edge is all that is left to learn.
"""

import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.safe import save_weights
from fluxlearn.config import AutoencoderConfig
from fluxlearn.files import write_whole
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import draw
from fluxlearn.training.loop import Run, train

TOY_AUTOENCODER = AutoencoderConfig(
    resolution=128,
    in_channels=3,
    ch=32,
    out_ch=3,
    ch_mult=(1, 1, 2, 2),
    num_res_blocks=1,
    z_channels=16,
    scale_factor=1.0,
    shift_factor=0.0,
    norm_groups=4,
)
Round = tuple[int, float, float]
# Steps, peak learning rate and KL weight of each round. The last one makes the latents smoother.
ROUNDS: tuple[Round, ...] = ((2600, 1.5e-3, 1e-3), (1800, 1e-3, 1e-3), (1500, 1e-3, 2e-3))
CROP = 64  # px
POLISH = (800, 1e-3)  # steps and peak learning rate for the decoder alone
WHOLE_SHARE = 0.1  # of the steps, the last ones, are on whole pictures
# Latents start almost exact. With variance 1 the decoder sees only noise at first, and idles.
FIRST_LOG_VARIANCE = -5.0


def train_autoencoder(
    folder: Path, seed: int = 0, batch: int = 8, rounds=ROUNDS, polish=POLISH
) -> dict:
    """Train the toy's autoencoder, save it to `folder/ae.safetensors`, return its figures.

    A run that was killed is resumed; a finished one is not repeated.
    """
    done = folder / "ae.json"
    if done.exists():
        return json.loads(done.read_text())
    torch.manual_seed(seed)
    model = AutoEncoder(TOY_AUTOENCODER)
    with torch.no_grad():
        bias = model.get_parameter("encoder.conv_out.bias")
        bias[TOY_AUTOENCODER.z_channels :] = FIRST_LOG_VARIANCE

    runs = [
        train_round(model, folder / f"ae{i}.checkpoint", cycle, (seed, i), batch)
        for i, cycle in enumerate(rounds)
    ]
    model.eval().requires_grad_(False)
    model.config = calibrate(model, seed)
    runs.append(polish_decoder(model, folder / "decoder.checkpoint", polish, seed, batch))
    figures = {"rounds": rounds, "polish": polish, "batch": batch, "seed": seed}
    figures["seconds"] = round(sum(run.seconds for run in runs))
    losses = [loss for run in runs for loss in run.losses]
    figures["config"] = asdict(model.config)
    figures["losses"] = [round(float(np.mean(c)), 5) for c in np.array_split(losses, 60)]
    save_weights(model, folder / "ae.safetensors", model.config)
    write_whole(done, json.dumps(figures, indent=1))
    return figures


def train_round(
    model: AutoEncoder, checkpoint: Path, cycle: Round, seeds: tuple[int, int], batch: int
) -> Run:
    """One cycle of the learning rate: crops, then whole pictures."""
    (steps, rate, kl_weight), (seed, index) = cycle, seeds

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, index * 100_003 + step))
        pictures = torch.stack([draw(s) for s in itertools.islice(scenes(rng), batch)])
        if step < steps * (1 - WHOLE_SHARE):
            pictures = _crops(pictures, rng)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + index * 100_003 + step)
        with torch.autocast("cpu", torch.bfloat16):
            distortion, kl = reconstruction_loss(model, pictures, generator)
            return distortion + kl_weight * kl

    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.99))
    return train(model, loss_at, [optimizer], checkpoint, steps)


def polish_decoder(
    model: AutoEncoder, checkpoint: Path, cycle: tuple[int, float], seed: int, batch: int
) -> Run:
    """Train the decoder alone, on whole pictures and the latents that the flow model will learn."""
    steps, rate = cycle

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, 100_003 * len(ROUNDS) + step))
        pictures = torch.stack([draw(s) for s in itertools.islice(scenes(rng), batch)])
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                latents = model.encode(pictures)
            error = model.decode(latents).float() - pictures
        # PSNR lives by squared errors, and those are at the edges.
        return error.abs().mean() + 10 * error.square().mean()

    model.decoder.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.decoder.parameters(), lr=rate, betas=(0.9, 0.99))
    run = train(model.decoder, loss_at, [optimizer], checkpoint, steps)
    model.decoder.requires_grad_(False)
    return run


def reconstruction_loss(
    model: AutoEncoder, pictures: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """L1 + L2 of a batch, through latents drawn around their means, and KL a latent element."""
    mean, log_variance = (part.float() for part in model.moments(pictures))
    noise = torch.randn(mean.shape, generator=generator)
    seen = model.decoder(mean + (0.5 * log_variance).exp() * noise).float()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    error = seen - pictures
    return error.abs().mean() + error.square().mean(), kl


def _crops(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    room = pictures.shape[-1] - CROP + 1
    corners = rng.integers(0, room, size=(len(pictures), 2))
    return torch.stack(
        [p[:, y : y + CROP, x : x + CROP] for p, (y, x) in zip(pictures, corners, strict=True)]
    )


@torch.no_grad()
def calibrate(model: AutoEncoder, seed: int, count: int = 512) -> AutoencoderConfig:
    """The config with the scale and shift that give latents mean 0 and spread 1."""
    pictures = torch.stack([draw(s) for s in itertools.islice(scenes(seed + 1), count)])
    means = torch.cat([model.moments(part)[0] for part in pictures.split(64)])
    return replace(
        model.config,
        shift_factor=round(means.mean().item(), 4),
        scale_factor=round(1 / means.std().item(), 4),
    )
