"""Stage one of two: pictures become latents once, so that training never runs the autoencoder.

Scenes are drawn from a seed and encoded; the file holds only latents, since the same seed gives the
same scenes again, and captions are worded afresh at every step.
"""

import itertools
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.safe import read_tensors, save_tensors
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.scene import Scene

MIX = {"one": 0.3, "pair": 0.5, "count": 0.2}  # more of what is hard than in prompts


def train_scenes(count: int, seed: int) -> list[Scene]:
    """The scenes that the flow model is trained on; never a held-out one."""
    return list(itertools.islice(scenes(seed, mix=MIX), count))


@torch.no_grad()
def cached_latents(
    path: Path, autoencoder: AutoEncoder, pictures_of: list[Scene]
) -> Float[Tensor, "batch channel height width"]:
    """The latents of these scenes in bf16: read if the file holds as many, else made and kept."""
    if path.exists():
        latents = read_tensors(path)[0]["latents"]
        if len(latents) == len(pictures_of):
            return latents
    parts = []
    for start in tqdm(range(0, len(pictures_of), 64), desc="latents", mininterval=2.0):
        pictures = torch.stack([draw(scene) for scene in pictures_of[start : start + 64]])
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(autoencoder.encode(pictures).to(torch.bfloat16))
    latents = torch.cat(parts)
    save_tensors({"latents": latents}, path, {"scenes": str(len(latents))})
    return latents
