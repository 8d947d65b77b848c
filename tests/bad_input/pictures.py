"""Bad pictures to paint with, and pictures for models that do not take them."""

from dataclasses import replace

import numpy as np
import torch
from bad_input.calls import Case
from PIL import Image
from tiny_models import CONTROL, FILL, FLUX, tiny_conditioning, tiny_pipeline
from tiny_pictures import half_mask, photograph

import fluxlearn as fl


def paint(config, **options):
    return lambda folder: tiny_pipeline(config).paint(tiny_conditioning(), **options)


def fill(**options):
    return paint(FILL, **({"image": photograph(), "mask": half_mask()} | options))


# fmt: off
ROWS = [
    ("control for a plain model", paint(FLUX, control=photograph()),
     ("control is given, but tiny takes no picture", "'canny' and 'depth'")),
    ("an image for a plain model", paint(FLUX, image=photograph()), ("image is given", "'fill'")),
    ("a mask for a plain model", paint(FLUX, mask=half_mask()), ("mask is given", "'fill'")),
    ("control for fill", fill(control=photograph()), ("takes image and mask only",)),
    ("a reference for canny", paint(CONTROL, control=photograph(), reference=photograph()),
     ("reference is given", "takes control only", "'kontext'")),
    ("canny without edges", paint(CONTROL), ("control is missing", "32 values", "Pass control=")),
    ("fill without a mask", paint(FILL, image=photograph()), ("mask is missing", "Pass mask=")),
    ("fill without an image", paint(FILL, mask=half_mask()), ("image is missing",)),
    ("tokens of a width that no picture has", paint(replace(FLUX, in_channels=17)),
     ("in_channels is 17", "16, 32, 288")),
    ("control of another size", paint(CONTROL, control=photograph(), height=64),
     ("control is 32 × 48", "32 × 64", "Resize it")),
    ("a mask of another size", fill(mask=half_mask(32, 32)), ("mask is 32 × 32", "32 × 48")),
    ("a picture of a size that cannot be painted", paint(CONTROL, control=photograph(40, 32)),
     ("height is 40", "multiple of 16")),
    ("a grey mask", fill(mask=Image.new("L", (32, 48), 99)), ("1536 values such as 0.388", "127")),
    ("a mask of three colours", fill(mask=torch.zeros(3, 48, 32)), ("(3, 48, 32)", "mask[0]")),
    ("a mask of nothing known", fill(mask=torch.full((48, 32), torch.nan)), ("such as nan",)),
    ("bytes for values", paint(CONTROL, control=torch.full((3, 48, 32), 255.0)),
     ("from 255 to 255", "x / 127.5 − 1")),
    ("values of nothing known", paint(CONTROL, control=torch.full((3, 48, 32), torch.nan)),
     ("from nan to nan",)),
    ("a batch of pictures", paint(FLUX, reference=torch.zeros(1, 3, 32, 32)),
     ("(1, 3, 32, 32)", "no batch axis")),
]
KINDS = [
    ("a path for a picture", paint(CONTROL, control="edges.png"), ("control is a picture as str",)),
    ("an array for a picture", paint(FLUX, reference=np.zeros((32, 32, 3), np.uint8)),
     ("uint8", "Image.fromarray")),
    ("whole numbers for a picture", paint(FLUX, reference=torch.zeros(3, 32, 32).byte()),
     ("torch.uint8", "floating-point")),
    ("a path for a mask", fill(mask="mask.png"), ("mask is str", "PIL image")),
]
# fmt: on

CASES = [
    *(Case(name, call, ValueError, words) for name, call, words in ROWS),
    *(Case(name, call, TypeError, words) for name, call, words in KINDS),
    Case(
        "an adapter that is nowhere",
        lambda folder: fl.load_redux(folder / "none"),
        FileNotFoundError,
        ("is no folder", "'redux'"),
    ),
    Case(
        "a folder without an adapter",
        lambda folder: fl.load_redux(folder),
        FileNotFoundError,
        ("has no adapter", "flux1-redux-dev.safetensors or image_embedder"),
    ),
]
