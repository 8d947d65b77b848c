"""Bad options of painting, and bad sizes of latents and tokens."""

import torch
from bad_input.calls import Case, paint
from PIL import Image
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.schedule import make_schedule
from fluxlearn.sampling.tokens import patchify, unpatchify

CASES = [
    Case(
        "size not divisible by 16",
        paint(height=100),
        ValueError,
        ("height is 100", "multiple of 16", "96"),
    ),
    Case("negative size", paint(width=-16), ValueError, ("width is -16", "positive")),
    Case("no steps", paint(steps=0), ValueError, ("steps is 0", "at least 1")),
    Case("negative steps", paint(steps=-4), ValueError, ("steps is -4",)),
    Case("half a step", paint(steps=2.5), ValueError, ("steps is 2.5", "whole number")),
    Case("negative guidance", paint(guidance=-1.0), ValueError, ("guidance is -1.0", "at least 0")),
    Case("guidance in words", paint(guidance="strong"), ValueError, ("'strong'", "number")),
    Case("negative seed", paint(seed=-1), ValueError, ("seed is -1",)),
    Case("unknown solver", paint(solver="rk4"), ValueError, ("'rk4'", "euler, midpoint, heun")),
    Case("misspelt option", paint(step=4), TypeError, ("'step'", "Did you mean steps?")),
    Case(
        "strength out of range",
        paint(start_image=Image.new("RGB", (32, 32)), strength=1.5),
        ValueError,
        ("strength is 1.5", "(0, 1]"),
    ),
    Case(
        "no strength",
        paint(start_image=Image.new("RGB", (32, 32)), strength=0.0),
        ValueError,
        ("strength is 0.0",),
    ),
    Case(
        "start image of another size",
        paint(start_image=Image.new("RGB", (48, 32))),
        ValueError,
        ("(3, 32, 48)", "Resize"),
    ),
    Case(
        "guidance for a model without",
        lambda f: tiny_pipeline(guidance_by="none").paint(tiny_conditioning(), guidance=3.0),
        ValueError,
        ("guidance is 3.0", "Leave it out"),
    ),
    Case(
        "prompt without text encoders",
        paint("a red circle"),
        ValueError,
        ("no text encoders", "Conditioning"),
    ),
    Case("schedule of no steps", lambda f: make_schedule(0, 64), ValueError, ("steps is 0",)),
    Case(
        "latents without batch",
        lambda f: patchify(torch.zeros(16, 4, 4)),
        ValueError,
        ("3 axes", "latents[None]"),
    ),
    Case(
        "odd latents",
        lambda f: patchify(torch.zeros(1, 16, 3, 4)),
        ValueError,
        ("3 × 4", "even", "16"),
    ),
    Case(
        "tokens of another size",
        lambda f: unpatchify(torch.zeros(1, 9, 64), 32, 32),
        ValueError,
        ("(1, 9, 64)", "2 · 2 = 4"),
    ),
]
