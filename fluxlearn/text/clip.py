"""CLIP's text encoder: a prompt → one vector, what the picture is about on the whole.

    ids    = <|startoftext|> words <|endoftext|> <|endoftext|> …         [batch, 77]
    pooled = LayerNorm(transformer(ids)) at the first <|endoftext|>      [batch, 768]

Attention is causal, so the end-of-text token has read the whole prompt and none of the padding
behind it. FLUX.1 takes the vector before CLIP's own text projection and adds it to the embedding
of time: it steers the modulation of every block.

Source: BFL flux/modules/conditioner.py `HFEmbedder`; CLIP, arXiv:2103.00020.
"""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fluxlearn.text.pretrained import read_folder, read_hub
from fluxlearn.text.tokens import tokenize


class ClipEncoder:
    """Prompts → pooled vectors [batch, vec], by transformers' CLIPTextModel and CLIPTokenizer.

    length  tokens a prompt may have, start and end included; CLIP has learned exactly 77 positions.
    """

    def __init__(self, model: Any, tokenizer: Any, length: int | None = None) -> None:
        """Take a loaded model and tokenizer.

        Raises ValueError when `length` is larger than the number of positions the model knows.
        """
        positions = model.config.max_position_embeddings
        self.length = positions if length is None else length
        if not 3 <= self.length <= positions:
            raise ValueError(
                f"length is {length}, but this CLIP has learned {positions} positions and needs "
                f"3 (start, a word, end). Leave length out to use all {positions}."
            )
        self.model, self.tokenizer = model, tokenizer

    @classmethod
    def from_folder(
        cls,
        path: str | Path,
        *,
        tokenizer_path: str | Path | None = None,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        length: int | None = None,
    ) -> "ClipEncoder":
        """Read the encoder from a folder in transformers' layout.

        tokenizer_path  the tokenizer's own folder, if it has one (FLUX.1: `tokenizer`).

        Raises FileNotFoundError or ValueError as `pretrained.read_folder` does.
        """
        from transformers import CLIPTextModel, CLIPTokenizer

        model, tokenizer = read_folder((CLIPTextModel, CLIPTokenizer), path, tokenizer_path, dtype)
        return cls(model.to(device), tokenizer, length)

    @classmethod
    def from_hub(
        cls,
        repo: str = "openai/clip-vit-large-patch14",
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.bfloat16,
        length: int | None = None,
    ) -> "ClipEncoder":
        """Download the encoder; the default is the one FLUX.1 was trained with."""
        from transformers import CLIPTextModel, CLIPTokenizer

        model, tokenizer = read_hub((CLIPTextModel, CLIPTokenizer), repo, dtype)
        return cls(model.to(device), tokenizer, length)

    @property
    def width(self) -> int:
        """Channels of the pooled vector: 768 in FLUX.1."""
        return self.model.config.hidden_size

    def to(self, device: str | torch.device) -> "ClipEncoder":
        """Move the encoder to a device."""
        self.model.to(device)
        return self

    def tokens(self, prompts: list[str]) -> Int[Tensor, "batch txt"]:
        """The token ids of the prompts; warns when words do not fit."""
        return tokenize(self.tokenizer, prompts, self.length, "CLIP")

    @torch.no_grad()
    def __call__(self, prompts: list[str]) -> Float[Tensor, "batch vec"]:
        """Encode the prompts."""
        ids = self.tokens(prompts).to(self.model.device)
        # No attention mask, as BFL: causal attention hides the padding from the end-of-text token.
        return self.model(input_ids=ids, attention_mask=None).pooler_output
