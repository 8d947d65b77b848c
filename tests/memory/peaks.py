"""What budgets say beside what the allocator counts, in a process without shape checks.

    python -m memory.peaks          prints a table in JSON: case → [said, counted] in bytes

Shape checks keep a function's arguments until it returns, so under them tensors live longer.
"""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import torch
from tiny_models import AUTOENCODER, FLUX, tiny_autoencoder, tiny_flux, tiny_inputs

from fluxlearn.memory.budget import Lengths, estimate
from fluxlearn.memory.checkpointing import checkpointing
from fluxlearn.sampling.budget import decoding

MIDDLE = replace(FLUX, hidden_size=192, num_heads=4, axes_dim=(8, 20, 20), depth=3)
HALF = torch.bfloat16


def counted(run: Callable[[], object]) -> int:
    """The most bytes that were allocated at a time, as the allocator reports each to the profiler.

    The first run is left out: some memory is taken once and kept.
    """
    run()
    cpu = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=cpu, profile_memory=True) as profile:
        run()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def of_a_call(config, dtype, batch, grid, txt):
    """A model call without gradients."""
    lengths = Lengths(batch=batch, img=grid[0] * grid[1], txt=txt)
    flux, inputs = tiny_flux(config).to(dtype), tiny_inputs(config, batch, grid, txt)
    inputs = {name: value.to(dtype) for name, value in inputs.items()}
    said = estimate(config, lengths, dtype)
    return said.activations, counted(lambda: flux(**inputs))


def of_a_step(config, dtype, batch, grid, mode):
    """The forward and the backward pass of a step of training."""
    lengths = Lengths(batch=batch, img=grid[0] * grid[1], txt=16)
    flux = tiny_flux(config).to(dtype).requires_grad_(True)
    inputs = {k: v.to(dtype) for k, v in tiny_inputs(config, batch, grid, 16).items()}
    said = estimate(config, lengths, dtype, mode)

    def step():
        flux.zero_grad(set_to_none=True)
        with checkpointing(flux) if mode == "checkpointed" else nullcontext():
            velocity = flux(**inputs)
        (velocity.float() - inputs["img"]).square().mean().backward()
        flux.zero_grad(set_to_none=True)

    return said.activations + said.gradients, counted(step)


def of_a_picture(height, width):
    """Decoding a latent."""
    config = replace(AUTOENCODER, ch=32, norm_groups=8)
    autoencoder = tiny_autoencoder(config)
    latents = torch.randn(1, config.z_channels, height // 8, width // 8)
    return decoding(config, 1, height, width), counted(lambda: autoencoder.decode(latents))


CASES = {
    "a call": lambda: of_a_call(MIDDLE, torch.float32, 2, (16, 16), 32),
    "a call in bf16": lambda: of_a_call(MIDDLE, HALF, 1, (32, 16), 64),
    "a call of doubles only": lambda: of_a_call(
        replace(MIDDLE, depth_single_blocks=0), HALF, 1, (16, 16), 128
    ),
    "a call of singles only": lambda: of_a_call(replace(MIDDLE, depth=0), HALF, 1, (16, 16), 128),
    "a step": lambda: of_a_step(MIDDLE, torch.float32, 4, (8, 8), "training"),
    "a step in bf16": lambda: of_a_step(MIDDLE, HALF, 4, (8, 16), "training"),
    "a step with checkpointing": lambda: of_a_step(
        MIDDLE, torch.float32, 4, (16, 8), "checkpointed"
    ),
    "a picture": lambda: of_a_picture(256, 128),
}

if __name__ == "__main__":
    torch.manual_seed(0)
    print(json.dumps({name: case() for name, case in CASES.items()}))
