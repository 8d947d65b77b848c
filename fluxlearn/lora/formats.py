"""The formats of LoRA files, one row each, and how to tell them apart.

A key is a prefix, a layer's name and an ending: `lora_unet_` + `double_blocks_0_img_attn_qkv` +
`.lora_down.weight`. Reading takes every ending in every format; writing uses the row's own.

α is the number that a reader cannot see (`patch.py`, equation 2), so formats differ most here:

    kept    each layer has an `.alpha`; without one, α = rank
    folded  files have none, so α / rank is multiplied into `up`; where that would round, every
            layer gets an `.alpha` all the same, which diffusers and ComfyUI understand
    lost    no program reads an `.alpha`, so α / rank is multiplied into `up`, rounded or not

Source: kohya-ss/sd-scripts networks/lora_flux.py; diffusers loaders/lora_conversion_utils.py; BFL
flux/modules/lora.py; XLabs-AI/x-flux; tdrussell/diffusion-pipe models/chroma.py.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from fluxlearn.lora.names import Place, places


class Format(NamedTuple):
    """One way to write a LoRA down."""

    whose: str  # set of names
    prefix: str  # before every name
    dot: str  # what stands between the words of a name
    pair: str  # what the matrix that reads the input and the one that writes the output are called
    alpha: str  # kept, folded or lost
    extras: bool  # whether biases and norm scales have a place

    def ending(self, kind: str) -> str:
        """What follows a layer's name: for its down, up, bias or alpha."""
        down, up = self.pair.split()
        return {
            "down": f".{down}.weight",
            "up": f".{up}.weight",
            "bias": f".{up}.bias",
            "alpha": ".alpha",
        }[kind]


A_B, DOWN_UP = "lora_A lora_B", "lora_down lora_up"

# fmt: off
FORMATS: dict[str, Format] = {
    # kohya's trainers, and most files on Civitai
    "kohya":       Format("bfl",       "lora_unet_",        "_", DOWN_UP,   "kept",   False),
    # diffusers' pipelines, ai-toolkit, diffusion-pipe
    "diffusers":   Format("diffusers", "transformer.",      ".", A_B,       "folded", True),
    # diffusers' model without its pipeline
    "transformer": Format("diffusers", "",                  ".", A_B,       "folded", True),
    # PEFT around diffusers' model
    "peft":        Format("diffusers", "base_model.model.", ".", A_B,       "lost",   True),
    # ComfyUI
    "comfyui":     Format("bfl",       "diffusion_model.",  ".", A_B,       "folded", False),
    # BFL's control LoRAs: canny and depth
    "bfl":         Format("bfl",       "",                  ".", A_B,       "lost",   True),
    # PEFT around BFL's model: fal's Kontext trainer
    "fal":         Format("bfl",       "base_model.model.", ".", A_B,       "lost",   True),
    # x-flux
    "xlabs":       Format("xlabs",     "",                  ".", "down up", "lost",   False),
    # SimpleTuner, before it changed to diffusers' keys
    "simpletuner": Format("diffusers", "lora_transformer_", "_", DOWN_UP,   "kept",   False),
}
ENDINGS = {
    ".lora_A.weight":         "down",  ".lora_B.weight":         "up",
    ".lora_A.default.weight": "down",  ".lora_B.default.weight": "up",
    ".lora_down.weight":      "down",  ".lora_up.weight":        "up",
    ".lora.down.weight":      "down",  ".lora.up.weight":        "up",
    ".down.weight":           "down",  ".up.weight":             "up",
    ".lora_B.bias":           "bias",  ".alpha":                 "alpha",
}
# fmt: on

# Keys that belong to the text encoders, in any format.
TEXT = ("lora_te", "text_encoder")


def keys_of(format: str, blocks: int) -> dict[str, Place]:
    """A format's keys without their endings, for at most this many blocks of a kind."""
    row = FORMATS[format]
    found = places(row.whose, blocks)
    return {row.prefix + name.replace(".", row.dot): place for name, place in found.items()}


def split_key(key: str) -> tuple[str, str]:
    """A key's layer and what it holds of it: down, up, bias or alpha; "" for a whole parameter."""
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if key.endswith(ending):
            return key.removesuffix(ending), ENDINGS[ending]
    return key, ""


def count_blocks(keys: Iterable[str]) -> int:
    """A number that no block's number in these keys reaches."""
    numbers = [int(n) for key in keys for n in re.findall(r"\d+", key) if len(n) < 4]
    return max(numbers, default=-1) + 1


def detect(keys: Iterable[str]) -> str:
    """The format that most of these keys belong to.

    Raises ValueError when they belong to none.
    """
    keys = list(keys)
    layers, blocks = [split_key(key)[0] for key in keys], count_blocks(keys)
    known = {name: keys_of(name, blocks) for name in FORMATS}
    counts = {name: sum(layer in known[name] for layer in layers) for name in FORMATS}
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        raise ValueError(
            f"this is no LoRA for Flux in a format known here; the first keys are {keys[:3]}. "
            f"Known are {', '.join(FORMATS)}. Is it for another model, or a whole model?"
        )
    return best
