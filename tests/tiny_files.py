"""Tiny checkpoints on disk, in the layouts in which FLUX.1 is found in the world.

The weights are numbers that fp8 can hold, so every precision holds the same.
"""

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tiny_models import FLUX, tiny_autoencoder, tiny_flux
from torch import Tensor, nn

from fluxlearn.checkpoints.diffusers import diffusers_sizes, to_diffusers
from fluxlearn.checkpoints.safe import save_weights

# One head as wide as FLUX.1's, so that sizes can be read off the shapes.
PUBLISHED = replace(
    FLUX,
    vec_in_dim=16,
    hidden_size=128,
    num_heads=1,
    axes_dim=(16, 56, 56),
    depth=2,
    depth_single_blocks=3,
)
FP8 = torch.float8_e4m3fn
COMFY = "model.diffusion_model."


def rounded(model: nn.Module) -> nn.Module:
    """The model with the nearest weights that both kinds of fp8 can hold."""
    for parameter in model.parameters():
        parameter.data = parameter.to(FP8).to(torch.float8_e5m2).float()
    return model


def published_flux(config=PUBLISHED) -> nn.Module:
    """A flow model with FLUX.1's kind of heads."""
    return rounded(tiny_flux(config))


def published_autoencoder() -> nn.Module:
    """An autoencoder in the same numbers."""
    return rounded(tiny_autoencoder())


def write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    """A safetensors file; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, path, metadata)
    return path


def bfl_file(path: Path, model: nn.Module, dtype=torch.float32, prefix: str = "") -> Path:
    """BFL's file, or with a prefix ComfyUI's."""
    return write(path, {prefix + k: v.to(dtype) for k, v in model.state_dict().items()})


def own_file(path: Path, model: nn.Module) -> Path:
    """A file of fluxlearn, with its config."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_weights(model, path, model.config)
    return path


def all_in_one_file(path: Path, model: nn.Module, autoencoder: nn.Module) -> Path:
    """ComfyUI's checkpoint: flow model and autoencoder in one file, among other things."""
    tensors = {COMFY + k: v for k, v in model.state_dict().items()}
    tensors |= {f"vae.{k}": v for k, v in autoencoder.state_dict().items()}
    return write(path, tensors | {"text_encoders.clip_l.logit_scale": torch.ones(())})


def scaled_file(path: Path, model: nn.Module, scale: Tensor, ending: str = "scale_weight") -> Path:
    """Matrices in fp8 with a scale; the rest in bf16."""
    tensors = {"scaled_fp8": torch.zeros(2, dtype=FP8)}
    for name, tensor in model.state_dict().items():
        layer, _, kind = name.rpartition(".")
        if kind == "weight" and tensor.ndim == 2:
            shape = (len(tensor), *scale.shape[1:]) if scale.ndim else ()
            tensors[f"{layer}.{ending}"] = scale.expand(shape)
            tensors[name] = (tensor / scale.flatten()[0]).to(FP8)
        else:
            tensors[name] = tensor.bfloat16()
    return write(path, tensors)


def diffusers_folder(folder: Path, model: nn.Module, shards: int = 1, config: bool = True) -> Path:
    """What diffusers' save_pretrained writes, in one file or several with an index."""
    state = to_diffusers(model.state_dict(), model.config)
    names = [
        f"diffusion_pytorch_model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)
    ]
    if shards == 1:
        write(folder / "diffusion_pytorch_model.safetensors", state)
    else:
        where = {tensor: names[i % shards] for i, tensor in enumerate(state)}
        for name in names:
            write(folder / name, {k: v for k, v in state.items() if where[k] == name})
        index = {"metadata": {"total_size": 0}, "weight_map": where}
        path = folder / "diffusion_pytorch_model.safetensors.index.json"
        path.write_text(json.dumps(index))
    if config:
        sizes = {"_class_name": "any", **diffusers_sizes(model.config)}
        (folder / "config.json").write_text(json.dumps(sizes))
    return folder


FLOW_LAYOUTS = {
    "ours": lambda f, m: own_file(f / "m.safetensors", m),
    "BFL's file": lambda f, m: bfl_file(f / "m.safetensors", m),
    "in bf16": lambda f, m: bfl_file(f / "m.safetensors", m, torch.bfloat16),
    "in fp16": lambda f, m: bfl_file(f / "m.safetensors", m, torch.float16),
    "in fp8": lambda f, m: bfl_file(f / "m.safetensors", m, FP8),
    "in the other fp8, of two bits": lambda f, m: bfl_file(
        f / "m.safetensors", m, torch.float8_e5m2
    ),
    "in fp8 with a scale": lambda f, m: scaled_file(f / "m.safetensors", m, torch.tensor(0.125)),
    "in fp8 with a scale for each row": lambda f, m: scaled_file(
        f / "m.safetensors", m, torch.full((1, 1), 0.125), "weight_scale"
    ),
    "in fp8 with a scale for blocks": lambda f, m: scaled_file(
        f / "m.safetensors", m, torch.full((1, 4, 1), 0.125)
    ),
    "behind ComfyUI's prefix": lambda f, m: bfl_file(f / "m.safetensors", m, prefix=COMFY),
    "ComfyUI's all in one": lambda f, m: all_in_one_file(
        f / "m.safetensors", m, published_autoencoder()
    ),
    "diffusers' folder": diffusers_folder,
    "in three files": lambda f, m: diffusers_folder(f, m, shards=3),
    "the index of three files": lambda f, m: next(diffusers_folder(f, m, 3).glob("*.index.json")),
    "without its config": lambda f, m: diffusers_folder(f, m, config=False),
}
