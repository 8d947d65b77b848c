"""diffusers' models with the weights of ours, and ours with the weights of theirs.

What imports this file is skipped where diffusers is not installed.
"""

import pytest
import torch
from torch import nn

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.bfl import load_strictly
from fluxlearn.checkpoints.diffusers import diffusers_sizes, from_diffusers, to_diffusers
from fluxlearn.config import AutoencoderConfig, FluxConfig
from fluxlearn.export import twin
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.pipeline import Pipeline

diffusers = pytest.importorskip("diffusers", reason="compares with diffusers")
transformer_like, their_arguments = twin.twin_of, twin.their_arguments


def autoencoder_kl_like(autoencoder: AutoEncoder) -> nn.Module:
    """Their autoencoder with our weights."""
    config = autoencoder.config
    with torch.device("meta"):
        theirs = diffusers.AutoencoderKL(**diffusers_sizes(config))
    theirs.load_state_dict(to_diffusers(autoencoder.state_dict(), config), assign=True)
    return theirs.eval().requires_grad_(False)


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
    theirs = kind(
        scheduler=dev_scheduler(),
        vae=autoencoder_kl_like(pipeline.autoencoder),
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
        transformer=transformer_like(pipeline.flux),
    )
    theirs.set_progress_bar_config(disable=True)
    return theirs


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
