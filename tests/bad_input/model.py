"""Bad input of the transformer, the configurations and the autoencoder."""

from dataclasses import replace

import torch
from bad_input.calls import Case, forward
from tiny_models import AUTOENCODER, FLUX, tiny_autoencoder

NAN = torch.full((2, 6, 16), float("nan"))

CASES = [
    Case(
        "untokenised latents",
        forward(img=torch.zeros(2, 4, 4, 6)),
        ValueError,
        ("4 axes", "(2, 4, 4, 6)", "patchify()"),
    ),
    Case(
        "wrong channel count", forward(img=torch.zeros(2, 6, 8)), ValueError, ("8 wide", "takes 16")
    ),
    Case(
        "text of another model",
        forward(txt=torch.zeros(2, 5, 99)),
        ValueError,
        ("99 wide", "takes 20", "T5"),
    ),
    Case(
        "text without batch",
        forward(txt=torch.zeros(5, 20)),
        ValueError,
        ("2 axes", "[batch, txt, 20]"),
    ),
    Case(
        "text of another batch",
        forward(txt=torch.zeros(3, 5, 20)),
        ValueError,
        ("(3, 5, 20)", "(2, 5, 20)"),
    ),
    Case(
        "image ids of the wrong width",
        forward(img_ids=torch.zeros(2, 6, 2)),
        ValueError,
        ("img_ids", "(2, 6, 2)", "(2, 6, 3)"),
    ),
    Case(
        "image ids without batch",
        forward(img_ids=torch.zeros(6, 3)),
        ValueError,
        ("(6, 3)", "image_ids()"),
    ),
    Case(
        "image ids of another picture",
        forward(img_ids=torch.zeros(2, 9, 3)),
        ValueError,
        ("(2, 9, 3)",),
    ),
    Case(
        "text ids of another batch",
        forward(txt_ids=torch.zeros(1, 5, 3)),
        ValueError,
        ("txt_ids", "text_ids()"),
    ),
    Case(
        "times of another batch",
        forward(timesteps=torch.rand(3)),
        ValueError,
        ("timesteps", "(3,)", "(2,)"),
    ),
    Case(
        "whole-number times",
        forward(timesteps=torch.tensor([1, 0])),
        ValueError,
        ("torch.int64", ".float()"),
    ),
    Case(
        "pooled vector of the wrong width",
        forward(y=torch.zeros(2, 768)),
        ValueError,
        ("(2, 768)", "pooled"),
    ),
    Case(
        "missing guidance", forward(guidance=None), ValueError, ("guidance is None", "torch.full")
    ),
    Case(
        "guidance of another batch",
        forward(guidance=torch.ones(1)),
        ValueError,
        ("guidance", "(1,)"),
    ),
    Case("NaN tokens", forward(img=NAN), ValueError, ("img holds NaN", "bf16")),
    Case(
        "infinite text",
        forward(txt=torch.full((2, 5, 20), float("inf"))),
        ValueError,
        ("txt holds NaN or infinity",),
    ),
    Case(
        "width that heads do not divide",
        lambda f: replace(FLUX, num_heads=3),
        ValueError,
        ("32", "3", "same whole number"),
    ),
    Case(
        "axes that do not fill a head",
        lambda f: replace(FLUX, axes_dim=(4, 4, 4)),
        ValueError,
        ("sums to 12", "16 channels"),
    ),
    Case(
        "odd axis", lambda f: replace(FLUX, axes_dim=(5, 5, 6)), ValueError, ("odd size", "pairs")
    ),
    Case(
        "groups that do not divide",
        lambda f: replace(AUTOENCODER, norm_groups=3),
        ValueError,
        ("norm_groups 3", "divisor"),
    ),
    Case(
        "one picture without batch",
        lambda f: tiny_autoencoder().encode(torch.zeros(3, 32, 32)),
        ValueError,
        ("(3, 32, 32)", "picture[None]"),
    ),
    Case(
        "picture of odd size",
        lambda f: tiny_autoencoder().encode(torch.zeros(1, 3, 32, 33)),
        ValueError,
        ("33 × 32", "divisible by 8"),
    ),
    Case(
        "picture in bytes",
        lambda f: tiny_autoencoder().encode(torch.full((1, 3, 32, 32), 255.0)),
        ValueError,
        ("255", "127.5"),
    ),
    Case(
        "latents of the wrong channels",
        lambda f: tiny_autoencoder().decode(torch.zeros(1, 16, 4, 4)),
        ValueError,
        ("(1, 16, 4, 4)", "unpatchify()"),
    ),
]
