"""SigLIP and the adapter of Redux with some thousand weights, in memory and on disk."""

from pathlib import Path

from tiny_files import write
from tiny_models import FLUX, randomise
from transformers import SiglipVisionConfig, SiglipVisionModel

from fluxlearn.sampling.inputs.redux import Redux, ReduxImageEncoder


def tiny_redux() -> Redux:
    """Sees 28 × 28 pixels as 2 × 2 patches."""
    config = SiglipVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        image_size=28, patch_size=14,
    )  # fmt: skip
    adapter = ReduxImageEncoder(16, FLUX.context_in_dim)
    return Redux(randomise(SiglipVisionModel(config)), randomise(adapter))


def redux_folder(folder: Path, redux: Redux, adapter: str = "flux1-redux-dev.safetensors") -> Path:
    """What BFL's repository holds of it; diffusers has the adapter in a folder of its own."""
    write(folder / adapter, redux.adapter.state_dict())
    redux.vision.save_pretrained(folder / "image_encoder")
    return folder
