"""The toy's CLIP: a text encoder whose one vector tells which picture a caption belongs to.

    p_i = W_text · pooled(caption_i)      y_j = tower(picture_j)            both of length 1
    loss = − ½ mean log softmax_j(p_i · y_j / τ)_i − ½ mean log softmax_i(p_i · y_j / τ)_j

Each caption must find its picture among those of the batch, and each picture its caption. The toy
world has few words, so the same caption may occur twice in a batch; both pictures are then right,
and the wrong one of the two is left out of the softmax. The temperature τ is learned.

Only the text encoder is kept, and without W_text: FLUX.1 takes the pooled vector before it.

Source: CLIP, arXiv:2103.00020.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from fluxlearn.files import write_whole
from fluxlearn.toy.captions import everything, write
from fluxlearn.toy.dataset import batch_of, scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.tokenizers import CLIP_LENGTH, clip_tokenizer, sample_captions, save_pair
from fluxlearn.training.loop import train

SIZES: dict[str, Any] = {
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "max_position_embeddings": CLIP_LENGTH,
}
SHARED = 64  # width of the space in which captions and pictures meet
COLDEST = 100.0  # CLIP's limit of 1 / τ


class ImageTower(nn.Sequential):
    """A picture → one vector, by convolutions; where things lie survives to the last layer.

    Batch normalisation takes away what all pictures share. Without it the vectors start almost
    parallel, and nothing is learned for hundreds of steps.
    """

    def __init__(self, width: int = SHARED) -> None:
        """Go from 128 px by 32, 16 and 8 to 4."""
        super().__init__(
            *_halving(3, 32, kernel=4, stride=4),
            *_halving(32, 64),
            *_halving(64, 128),
            *_halving(128, 128),
            nn.Flatten(),
            nn.Linear(128 * 4 * 4, width, bias=False),
        )


def _halving(channels: int, out: int, kernel: int = 3, stride: int = 2) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, out, kernel, stride, padding=(kernel - 1) // 2 * (kernel % 2))
    return convolution, nn.BatchNorm2d(out), nn.GELU()


class CaptionMatcher(nn.Module):
    """Text encoder and image tower with the projection and temperature that join them."""

    def __init__(self, tokenizer) -> None:
        """Build it with random weights."""
        from transformers import CLIPTextConfig, CLIPTextModel

        super().__init__()
        config = CLIPTextConfig(
            vocab_size=len(tokenizer),
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            **SIZES,
        )
        self.tokenizer = tokenizer
        self.text = CLIPTextModel(config)
        self.text_projection = nn.Linear(SIZES["hidden_size"], SHARED, bias=False)
        self.image = ImageTower()
        # CLIP starts at τ = 0.07.
        self.log_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def forward(
        self, texts: list[str], pictures: Float[Tensor, "batch 3 px_h px_w"]
    ) -> Float[Tensor, "batch batch"]:
        """How well each caption (row) fits each picture (column): cosine / τ."""
        ids = self.tokenizer(
            texts, padding="max_length", max_length=CLIP_LENGTH, return_tensors="pt"
        ).input_ids
        said = F.normalize(self.text_projection(self.text(input_ids=ids).pooler_output), dim=-1)
        seen = F.normalize(self.image(pictures), dim=-1)
        return said @ seen.T * self.log_scale.exp().clamp(max=COLDEST)


def train_clip(folder: Path, seed: int = 0, steps: int = 1000, batch: int = 64) -> dict:
    """Train the toy's CLIP, save encoder and tokenizer to `folder/clip`, return its figures.

    A run that was killed is resumed; a finished one is not repeated.
    """
    done = folder / "clip.json"
    if done.exists():
        return json.loads(done.read_text())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        matcher = CaptionMatcher(clip_tokenizer(sample_captions(seed)))

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step))
        pictures, captions = batch_of(scenes(rng), batch, rng)
        texts = [caption.text for caption in captions]
        return matching_loss(matcher(texts, pictures), same_caption(texts))

    optimizer = torch.optim.AdamW(matcher.parameters(), lr=1e-3, betas=(0.9, 0.98))
    run = train(matcher, loss_at, [optimizer], folder / "clip.checkpoint", steps)
    figures: dict[str, Any] = {"seed": seed, "steps": steps, "batch": batch}
    figures["seconds"] = round(run.seconds)
    figures["parameters"] = matcher.text.num_parameters()
    for split in ("test", "novel"):
        figures[f"retrieval_{split}"] = retrieval(matcher, split)
    save_pair(matcher.text, matcher.tokenizer, folder / "clip")
    write_whole(done, json.dumps(figures, indent=1))
    return figures


def same_caption(texts: list[str]) -> Bool[Tensor, "batch batch"]:
    """Where two different rows have the same caption."""
    number = {text: index for index, text in enumerate(texts)}
    ids = torch.tensor([number[text] for text in texts])
    return (ids[:, None] == ids[None, :]) & ~torch.eye(len(texts), dtype=torch.bool)


def matching_loss(
    fit: Float[Tensor, "batch batch"], also_right: Bool[Tensor, "batch batch"]
) -> Float[Tensor, ""]:
    """Cross-entropy of finding the own partner, over rows and columns.

    also_right  pairs that are not partners but fit as well; they count neither way.
    """
    fit = fit.masked_fill(also_right, -torch.inf)
    own = torch.arange(len(fit))
    return (F.cross_entropy(fit, own) + F.cross_entropy(fit.T, own)) / 2


@torch.no_grad()
def retrieval(matcher: CaptionMatcher, split: str, batches: int = 8, seed: int = 10_000) -> float:
    """Share of captions that find their picture among 128, and of pictures their caption.

    The captions tell everything, so that only one picture is right; by chance 1 / 128 are found.
    """
    rng = np.random.default_rng(seed)
    source, found = scenes(rng, split), []
    for _ in range(batches):
        batch = list(itertools.islice(source, 128))
        texts = [write(everything(scene), rng) for scene in batch]
        fit = matcher.eval()(texts, torch.stack([draw(scene) for scene in batch]))
        fit = fit.masked_fill(same_caption(texts), -torch.inf)
        own = torch.arange(len(batch))
        found += [(fit.argmax(dim) == own).float().mean().item() for dim in (0, 1)]
    return sum(found) / len(found)
