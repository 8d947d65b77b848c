"""diffusers' models with the weights of ours, and ours with the weights of theirs.

What imports this file is skipped where diffusers is not installed.
"""

import pytest
import torch
from torch import Tensor, nn

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.bfl import load_strictly
from fluxlearn.checkpoints.diffusers import diffusers_sizes, from_diffusers, to_diffusers
from fluxlearn.config import AutoencoderConfig, FluxConfig
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.pipeline import Pipeline

diffusers = pytest.importorskip("diffusers", reason="compares with diffusers")


def transformer_like(flux: Flux) -> nn.Module:
    """Their transformer with our weights; wherever possible it is the same memory."""
    with torch.device("meta"):
        twin = diffusers.FluxTransformer2DModel(**diffusers_sizes(flux.config))
    twin.load_state_dict(to_diffusers(flux.state_dict(), flux.config), assign=True)
    return twin.eval().requires_grad_(False)


def autoencoder_kl_like(autoencoder: AutoEncoder) -> nn.Module:
    """Their autoencoder with our weights."""
    config = autoencoder.config
    with torch.device("meta"):
        twin = diffusers.AutoencoderKL(**diffusers_sizes(config))
    twin.load_state_dict(to_diffusers(autoencoder.state_dict(), config), assign=True)
    return twin.eval().requires_grad_(False)


def flux_like(transformer: nn.Module, config: FluxConfig) -> Flux:
    """Our transformer with their weights."""
    flux = Flux(config)
    load_strictly(flux, from_diffusers(transformer.state_dict(), config), "diffusers")
    return flux.eval().requires_grad_(False)


def autoencoder_like(autoencoder: nn.Module, config: AutoencoderConfig) -> AutoEncoder:
    """Our autoencoder with their weights."""
    ours = AutoEncoder(config)
    load_strictly(ours, from_diffusers(autoencoder.state_dict(), config), "diffusers")
    return ours.eval().requires_grad_(False)


def flux_pipeline_like(
    pipeline: Pipeline, kind: type = diffusers.FluxPipeline
) -> "diffusers.FluxPipeline":
    """Their pipeline with our weights, and the scheduler of FLUX.1-dev."""
    twin = kind(
        scheduler=dev_scheduler(),
        vae=autoencoder_kl_like(pipeline.autoencoder),
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
        transformer=transformer_like(pipeline.flux),
    )
    twin.set_progress_bar_config(disable=True)
    return twin


def dev_scheduler() -> "diffusers.FlowMatchEulerDiscreteScheduler":
    """The scheduler as FLUX.1-dev's repository sets it up."""
    return diffusers.FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True,
        shift=3.0,
        base_image_seq_len=256,
        max_image_seq_len=4096,
        base_shift=0.5,
        max_shift=1.15,
    )


def their_arguments(inputs: dict[str, Tensor]) -> dict[str, Tensor | bool]:
    """`Flux.forward`'s arguments as their transformer takes them: ids have no batch axis there."""
    return {
        "hidden_states": inputs["img"],
        "img_ids": inputs["img_ids"][0],
        "encoder_hidden_states": inputs["txt"],
        "txt_ids": inputs["txt_ids"][0],
        "timestep": inputs["timesteps"],
        "pooled_projections": inputs["y"],
        "guidance": inputs.get("guidance"),
        "return_dict": False,
    }
