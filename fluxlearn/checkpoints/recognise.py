"""What a checkpoint is, told from its keys: which model, whose names, which sizes.

    bfl          double_blocks.0.img_attn.qkv.weight                    BFL's file, and ours
    comfy        model.diffusion_model.double_blocks.0.img_attn…        BFL's names behind a prefix
    diffusers    transformer_blocks.0.attn.to_q.weight

Sizes are in the file's own metadata (ours), in a config.json beside it (diffusers), or read off the
shapes. Two are in no shape: how a head's channels are divided among the position axes, and theta;
with heads of 128 channels it is a FLUX.1.

Source: diffusers loaders/single_file_utils.py `infer_diffusers_model_type`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from fluxlearn.checkpoints.checkpoint import Checkpoint
from fluxlearn.checkpoints.diffusers import config_from_diffusers
from fluxlearn.checkpoints.names import autoencoder_pairs, flux_pairs
from fluxlearn.config import FLUX_AUTOENCODER, PRESETS, AutoencoderConfig, FluxConfig

Config = FluxConfig | AutoencoderConfig

# fmt: off
# A key that only this model has, under these names. FLUX.2 and Chroma have no pooled text vector.
MARKS: tuple[tuple[type[Config], str, str], ...] = (
    (FluxConfig,        "bfl",       "vector_in.in_layer.weight"),
    (FluxConfig,        "diffusers", "time_text_embed.text_embedder.linear_1.weight"),
    (AutoencoderConfig, "bfl",       "encoder.down.0.block.0.conv1.weight"),
    (AutoencoderConfig, "diffusers", "encoder.down_blocks.0.resnets.0.conv1.weight"),
)
PREFIXES = ("", "model.diffusion_model.", "vae.")
NOUNS = {FluxConfig: "flow model", AutoencoderConfig: "autoencoder"}

# Parts of keys that give away what is no FLUX.1, though it may look like one.
OTHERS = (
    ("single_stream_modulation",  "a FLUX.2 model"),
    ("distilled_guidance_layer",  "a Chroma model"),
    ("absmax",                    "a model quantised by bitsandbytes, which is not read"),
    ("lora_",                     "a LoRA, which changes a model and is none"),
    ("controlnet",                "a ControlNet"),
    ("redux_up",                  "the Redux adapter, which makes text tokens of a picture"),
    ("input_blocks.",             "a Stable Diffusion model"),
    ("text_model.",               "a CLIP model"),
    ("relative_attention_bias",   "a T5 model"),
    ("single_transformer_blocks", "part of a transformer; other files of it are missing"),
    ("double_blocks",             "part of a transformer; other files of it are missing"),
)

# What can be read off shapes:  BFL's name                diffusers' name              axis
SIZES = {
    "hidden_size":             ("img_in.weight",             "x_embedder.weight",       0),
    "in_channels":             ("img_in.weight",             "x_embedder.weight",       1),
    "context_in_dim":          ("txt_in.weight",             "context_embedder.weight", 1),
    "out_channels":            ("final_layer.linear.weight", "proj_out.weight",         0),
    "vec_in_dim":              ("vector_in.in_layer.weight",
                                "time_text_embed.text_embedder.linear_1.weight",        1),
}
HEAD = (
    ("double_blocks.0.img_attn.norm.query_norm.scale", "transformer_blocks.0.attn.norm_q.weight"),
    ("single_blocks.0.norm.query_norm.scale", "single_transformer_blocks.0.attn.norm_q.weight"),
)
MLP = ("double_blocks.0.img_mlp.0.weight", "transformer_blocks.0.ff.net.0.proj.weight")
QKV = ("double_blocks.0.img_attn.qkv.", "transformer_blocks.0.attn.to_q.")
GUIDANCE = ("guidance_in.", "time_text_embed.guidance_embedder.")
KINDS: dict[Any, Any] = {int: int, bool: bool, float: (int, float)}
REPEATS = ("depth", "depth_single_blocks", "num_res_blocks")
DOUBLE = ("double_blocks.", "transformer_blocks.")
SINGLE = ("single_blocks.", "single_transformer_blocks.")
# fmt: on


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """A checkpoint that is known to be a model."""

    checkpoint: Checkpoint  # under its own names, without a prefix
    names: str  # whose: "bfl" or "diffusers"
    config: Any  # FluxConfig or AutoencoderConfig


def recognise(checkpoint: Checkpoint, wanted: type | None = None) -> Recognised:
    """Find out what a checkpoint is.

    wanted  FluxConfig or AutoencoderConfig, for one of them only.

    Raises ValueError that says what it is instead, by its keys.
    """
    kinds = [mark for mark in MARKS if wanted in (None, mark[0])]
    for kind, names, mark in kinds:
        for prefix in PREFIXES:
            if prefix + mark in checkpoint:
                inside = checkpoint.under(prefix) if prefix else checkpoint
                config = _config(kind, inside, names)
                _check_sizes(config, inside)
                return Recognised(checkpoint=inside, names=names, config=config)
    noun = NOUNS[kinds[0][0]] if wanted else "flow model or autoencoder"
    raise ValueError(
        f"{checkpoint.source} is no {noun} that is known: its keys, {sorted(checkpoint)[:3]}, are "
        f"those of {_other(checkpoint)}. Is it the right file?"
    )


def first_blocks(found: Recognised, depth: int | None, singles: int | None) -> Recognised:
    """The same flow model with only its first blocks; None keeps them all.

    Raises ValueError for more blocks than there are, or less than none.
    """
    if depth is None and singles is None:
        return found
    config = found.config
    if not isinstance(config, FluxConfig):
        raise ValueError(f"{found.checkpoint.source} is an autoencoder, which has no such blocks.")
    asked = {"depth": depth, "depth_single_blocks": singles}
    asked = {name: count for name, count in asked.items() if count is not None}
    for name, count in asked.items():
        there = getattr(config, name)
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= there:
            raise ValueError(
                f"{name} is {count!r}, but {found.checkpoint.source} has {there} such blocks. "
                f"Ask for 0 to {there}, or leave it out for all."
            )
    part = replace(config, **asked)
    unneeded = set(_names(config, found.names)) - set(_names(part, found.names))
    kept = [name for name in found.checkpoint if name not in unneeded]
    return replace(found, checkpoint=found.checkpoint.only(set(kept)), config=part)


def _names(config: Config, names: str) -> list[str]:
    pairs = flux_pairs(config) if isinstance(config, FluxConfig) else autoencoder_pairs(config)
    return [n for pair in pairs for n in ((pair.bfl,) if names == "bfl" else pair.diffusers)]


def _other(checkpoint: Checkpoint) -> str:
    for kind, _, mark in MARKS:
        if any(prefix + mark in checkpoint for prefix in PREFIXES):
            return f"a FLUX.1 {NOUNS[kind]}"
    return next((name for part, name in OTHERS if any(part in k for k in checkpoint)), "a stranger")


def _config(kind: type[Config], checkpoint: Checkpoint, names: str) -> Config:
    """From the metadata, else from config.json, else from the shapes."""
    source = checkpoint.source
    if "config" in checkpoint.metadata:
        return _built(kind, _table(checkpoint.metadata["config"], source), source)
    beside = Path(source) if Path(source).is_dir() else Path(source).parent
    if names == "diffusers" and (beside / "config.json").is_file():
        file = beside / "config.json"
        return config_from_diffusers(_table(file.read_text("utf-8"), str(file)), kind, str(file))
    if kind is AutoencoderConfig:
        return FLUX_AUTOENCODER
    return _built(kind, _read_off(checkpoint, 0 if names == "bfl" else 1), source)


def _built(kind: type[Config], values: dict[str, Any], source: str) -> Config:
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(
            f"{source} has sizes of which no {NOUNS[kind]} can be built: {error}"
        ) from None


def _check_sizes(config: Config, checkpoint: Checkpoint) -> None:
    """Refuse sizes of the wrong type, and more blocks than there are tensors to fill them."""
    for field in fields(config):
        value = getattr(config, field.name)
        whole = [value] if field.type is int else value if isinstance(value, tuple) else []
        limit = len(checkpoint) if field.name in REPEATS else 10_000_000
        sound = isinstance(value, KINDS.get(field.type, tuple))
        if not sound or any(type(v) is not int or not 0 <= v <= limit for v in whole):
            raise ValueError(
                f"{checkpoint.source} has {len(checkpoint)} tensors and says that {field.name} is "
                f"{value!r}, which cannot be. Is its config damaged, or that of another model?"
            )


def _table(text: str, source: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{source} has a config that is no JSON ({error}). Is it damaged?"
        ) from None
    if not isinstance(table, dict):
        raise ValueError(f"{source} has a config that is no table of sizes. Is it damaged?")
    return table


def _read_off(checkpoint: Checkpoint, whose: int) -> dict[str, Any]:
    """FluxConfig's values from the shapes; what is missing is FLUX.1's, to be complained of later.

    whose  column of the tables above: 0 for BFL's names, 1 for diffusers'.
    """
    fallback = PRESETS["flux-dev"]

    def size(names: Sequence[str], axis: int, otherwise: int) -> int:
        place = checkpoint.places.get(names[whose])
        shape = place.stored.shape if place else ()
        return shape[axis] if axis < len(shape) else otherwise

    values: dict[str, Any] = {
        name: size(row[:2], row[2], getattr(fallback, name)) for name, row in SIZES.items()
    }
    width = values["hidden_size"]
    head = next((size(names, 0, 0) for names in HEAD if names[whose] in checkpoint), 128)
    if head != fallback.head_dim:
        raise ValueError(
            f"{checkpoint.source} has heads of {head} channels, and how they are divided among the "
            f"position axes is not in its weights. FLUX.1 has 128; of a smaller model, read the "
            f"file that fluxlearn saved, or a diffusers folder with its config.json."
        )
    qkv = QKV[whose]
    return values | {
        "mlp_ratio": size(MLP, 0, 4 * width) / max(1, width),
        "num_heads": max(1, width // head),
        "depth": _count(checkpoint, DOUBLE[whose]),
        "depth_single_blocks": _count(checkpoint, SINGLE[whose]),
        "axes_dim": fallback.axes_dim,
        "theta": fallback.theta,
        "qkv_bias": f"{qkv}weight" not in checkpoint or f"{qkv}bias" in checkpoint,
        "guidance_embed": any(name.startswith(GUIDANCE[whose]) for name in checkpoint),
    }


def _count(checkpoint: Checkpoint, prefix: str) -> int:
    """How many different blocks there are; one that is missing in between is found later."""
    indices = (
        key.removeprefix(prefix).split(".")[0] for key in checkpoint if key.startswith(prefix)
    )
    return len(set(indices))
