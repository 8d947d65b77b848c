"""Weights in diffusers' names and pieces ↔ weights in ours, which are BFL's.

    flux.load_state_dict(from_diffusers(transformer.state_dict(), config), assign=True)
    transformer.load_state_dict(to_diffusers(flux.state_dict(), config), assign=True)

The table of names says which tensor is which and how to get it. Where a tensor stays whole, or is a
part of one, what comes out is the same memory: of FLUX.1-dev's 24 GB in bf16, 38 MB are copied on
the way to diffusers, and 7 GB, where parts have to be stacked, on the way back.

Source: diffusers loaders/single_file_utils.py `convert_flux_transformer_checkpoint_to_diffusers`,
`convert_ldm_vae_checkpoint`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from fluxlearn.checkpoints.bfl import first_of
from fluxlearn.checkpoints.checkpoint import Weights
from fluxlearn.checkpoints.names import Pair, autoencoder_pairs, flux_pairs
from fluxlearn.config import FLUX_AUTOENCODER, PRESETS, AutoencoderConfig, FluxConfig

Config = FluxConfig | AutoencoderConfig


def to_diffusers(state: Weights, config: Config) -> dict[str, Tensor]:
    """Our weights under diffusers' names: FluxTransformer2DModel's, or AutoencoderKL's.

    Raises ValueError for missing or foreign keys, or a config that diffusers cannot represent.
    """
    return dict(each_to_diffusers(state, config))


def from_diffusers(state: Weights, config: Config) -> dict[str, Tensor]:
    """The weights of diffusers' FluxTransformer2DModel or AutoencoderKL under our names.

    Raises ValueError for missing or foreign keys, or a config that diffusers cannot represent.
    """
    return dict(each_from_diffusers(state, config))


def each_to_diffusers(state: Weights, config: Config) -> Iterator[tuple[str, Tensor]]:
    """As `to_diffusers`, one tensor after the other; names are checked before the first."""
    pairs = _pairs(config)
    _check_keys(state, [pair.bfl for pair in pairs], [n for p in pairs for n in p.diffusers])
    return (
        part
        for pair in pairs
        for part in zip(pair.diffusers, _take_apart(pair, state[pair.bfl]), strict=True)
    )


def each_from_diffusers(state: Weights, config: Config) -> Iterator[tuple[str, Tensor]]:
    """As `from_diffusers`, one tensor after the other; names are checked before the first."""
    pairs = _pairs(config)
    _check_keys(state, [n for p in pairs for n in p.diffusers], [pair.bfl for pair in pairs])
    return ((p.bfl, put_together(p, [state[name] for name in p.diffusers])) for p in pairs)


def diffusers_sizes(config: Config) -> dict[str, Any]:
    """The arguments that build diffusers' model of the same sizes; its config.json holds them.

    Raises ValueError for a config that diffusers cannot represent.
    """
    _pairs(config)
    if isinstance(config, FluxConfig):
        return {
            "in_channels": config.in_channels,
            "out_channels": config.out_channels,
            "num_layers": config.depth,
            "num_single_layers": config.depth_single_blocks,
            "attention_head_dim": config.head_dim,
            "num_attention_heads": config.num_heads,
            "joint_attention_dim": config.context_in_dim,
            "pooled_projection_dim": config.vec_in_dim,
            "guidance_embeds": config.guidance_embed,
            "axes_dims_rope": config.axes_dim,
        }
    levels = len(config.ch_mult)
    return {
        "in_channels": config.in_channels,
        "out_channels": config.out_ch,
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "block_out_channels": tuple(config.ch * m for m in config.ch_mult),
        "layers_per_block": config.num_res_blocks,
        "latent_channels": config.z_channels,
        "norm_num_groups": config.norm_groups,
        "sample_size": config.resolution,
        "scaling_factor": config.scale_factor,
        "shift_factor": config.shift_factor,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
    }


def config_from_diffusers(values: Mapping[str, Any], kind: type[Config], source: str) -> Config:
    """Our config from the values of diffusers' config.json; what it leaves out is FLUX.1's.

    kind  FluxConfig or AutoencoderConfig.

    Raises ValueError that names a value that cannot be.
    """
    try:
        built = _flux_config(values) if kind is FluxConfig else _autoencoder_config(values)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{source} has sizes that cannot be: {error}") from None
    return built


def _flux_config(values: Mapping[str, Any]) -> FluxConfig:
    dev = PRESETS["flux-dev"]
    heads = values.get("num_attention_heads", dev.num_heads)
    patch = values.get("in_channels", dev.in_channels)
    return replace(
        dev,
        in_channels=patch,
        out_channels=values.get("out_channels") or patch,
        depth=values.get("num_layers", dev.depth),
        depth_single_blocks=values.get("num_single_layers", dev.depth_single_blocks),
        num_heads=heads,
        hidden_size=heads * values.get("attention_head_dim", dev.head_dim),
        context_in_dim=values.get("joint_attention_dim", dev.context_in_dim),
        vec_in_dim=values.get("pooled_projection_dim", dev.vec_in_dim),
        guidance_embed=values.get("guidance_embeds", False),
        axes_dim=tuple(values.get("axes_dims_rope", dev.axes_dim)),
    )


def _autoencoder_config(values: Mapping[str, Any]) -> AutoencoderConfig:
    flux = FLUX_AUTOENCODER
    widths = values.get("block_out_channels") or [flux.ch * m for m in flux.ch_mult]
    return AutoencoderConfig(
        resolution=values.get("sample_size", flux.resolution),
        in_channels=values.get("in_channels", flux.in_channels),
        ch=widths[0],
        out_ch=values.get("out_channels", flux.out_ch),
        ch_mult=tuple(width // widths[0] for width in widths),
        num_res_blocks=values.get("layers_per_block", flux.num_res_blocks),
        z_channels=values.get("latent_channels", flux.z_channels),
        scale_factor=values.get("scaling_factor", flux.scale_factor),
        shift_factor=values.get("shift_factor", flux.shift_factor),
        norm_groups=values.get("norm_num_groups", flux.norm_groups),
    )


def _pairs(config: Config) -> list[Pair]:
    """The table's tensors, unless diffusers has another value written into its code."""
    if isinstance(config, FluxConfig):
        fixed = {"mlp_ratio": 4.0, "theta": 10_000, "qkv_bias": True}
        given = {name: getattr(config, name) for name in fixed}
    else:
        fixed = {"ch_mult[0]": 1}
        given = {"ch_mult[0]": config.ch_mult[0]}
    for name, value in given.items():
        if value != fixed[name]:
            raise ValueError(
                f"{name} is {value}, but diffusers has {fixed[name]} written into its code, so it "
                f"has no model with these weights. Stay with our own file format."
            )
    return flux_pairs(config) if isinstance(config, FluxConfig) else autoencoder_pairs(config)


def _take_apart(pair: Pair, tensor: Tensor) -> Sequence[Tensor]:
    if pair.how == "split":
        _check_height(pair.bfl, tensor, sum(pair.heights))
        return tensor.split(pair.heights)
    if pair.how == "swap":
        return [_swap_halves(tensor)]
    return [tensor[..., 0, 0] if pair.how == "flat" else tensor]


def put_together(pair: Pair, parts: Sequence[Tensor]) -> Tensor:
    """One tensor of ours from those that diffusers has for it."""
    if pair.how == "split":
        for name, part, height in zip(pair.diffusers, parts, pair.heights, strict=True):
            _check_height(name, part, height)
        widths = [tuple(part.shape[1:]) for part in parts]
        if len(set(widths)) > 1:
            raise ValueError(
                f"{', '.join(pair.diffusers)} have rows of shapes {widths}, but are to be stacked "
                f"into one. Are they of one model?"
            )
        return torch.cat(list(parts))
    if pair.how == "swap":
        return _swap_halves(parts[0])
    return parts[0][..., None, None] if pair.how == "flat" else parts[0]


def _swap_halves(tensor: Tensor) -> Tensor:
    first, second = tensor.chunk(2)
    return torch.cat([second, first])


def _check_height(name: str, tensor: Tensor, height: int) -> None:
    if len(tensor) != height:
        raise ValueError(
            f"{name} has {len(tensor)} rows, but {height} fit this config. Are hidden_size and "
            f"mlp_ratio those of the weights?"
        )


def _check_keys(state: Weights, expected: list[str], other: list[str]) -> None:
    """Refuse weights whose names are not exactly the expected ones."""
    known = set(expected)
    problems = [f"{key} is missing" for key in expected if key not in state]
    problems += [f"{key} is unknown" for key in state if key not in known]
    if not problems:
        return
    cure = "Is it another variant, or another depth?"
    if set(other) & state.keys() - known:
        cure = "They already have the names that they are to be converted to."
    raise ValueError(f"the weights do not fit this config: {first_of(problems)}. {cure}")
