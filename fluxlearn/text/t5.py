"""T5's encoder: a prompt → one feature per token, who is what and where.

    ids = words </s> <pad> <pad> …                               [batch, txt]
    txt = RMSNorm(transformer(ids))                              [batch, txt, context]

Attention goes both ways. BFL passes no attention mask: padding tokens are read and give features
like any others, and FLUX.1 was trained so. Masking them, or another length, changes every feature.

    512 tokens   flux-dev and what descends from it
    256          flux-schnell
    128          flux-dev-fill

The encoder of FLUX.1 has 24 layers, each with 4 matrices of attention, 3 of the gated MLP and 2
norms; beside them there are the words, 32 distances for each of 64 heads, and a last norm:

    V·d + 24·(4·d² + 3·d·f + 2·d) + 32·64 + d                V = 32128, d = 4096, f = 10240

That is 4 762 310 656 parameters, 9.5 GB in bf16.

Source: BFL flux/modules/conditioner.py `HFEmbedder`; T5 v1.1, arXiv:1910.10683 and 2002.05202.
"""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fluxlearn.text.pretrained import read_folder, read_hub
from fluxlearn.text.tokens import tokenize

FLUX_LENGTH = 512
"""Tokens of a prompt in FLUX.1-dev."""


class T5Encoder:
    """Prompts → token features [batch, txt, context], by transformers' T5EncoderModel.

    length  tokens a prompt may have, </s> included, and always has after padding; by default the
            tokenizer's own limit, or 512 where it states none.
    """

    def __init__(self, model: Any, tokenizer: Any, length: int | None = None) -> None:
        """Take a loaded model and tokenizer.

        Raises ValueError when `length` leaves no room for a word and the end-of-text token.
        """
        # Relative positions set no limit; a tokenizer without one states an astronomical number.
        limit = tokenizer.model_max_length
        self.length = length if length is not None else limit if limit < 10_000 else FLUX_LENGTH
        if self.length < 2:
            raise ValueError(f"length is {length}, but a prompt needs 2 tokens: a word and </s>.")
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
    ) -> "T5Encoder":
        """Read the encoder from a folder in transformers' layout.

        tokenizer_path  the tokenizer's own folder, if it has one (FLUX.1: `tokenizer_2`).

        Raises FileNotFoundError or ValueError as `pretrained.read_folder` does.
        """
        from transformers import T5EncoderModel, T5Tokenizer

        model, tokenizer = read_folder((T5EncoderModel, T5Tokenizer), path, tokenizer_path, dtype)
        return cls(model.to(device), tokenizer, length)

    @classmethod
    def from_hub(
        cls,
        repo: str = "google/t5-v1_1-xxl",
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.bfloat16,
        length: int | None = FLUX_LENGTH,
    ) -> "T5Encoder":
        """Download the encoder; the default is the one FLUX.1 was trained with.

        Google's file also holds the decoder, which is larger than the encoder. `text_encoder_2` of
        a FLUX.1 repository is the encoder alone and is read by `from_folder`.
        """
        from transformers import T5EncoderModel, T5Tokenizer

        model, tokenizer = read_hub((T5EncoderModel, T5Tokenizer), repo, dtype)
        return cls(model.to(device), tokenizer, length)

    @property
    def width(self) -> int:
        """Channels of one token feature: 4096 in FLUX.1."""
        return self.model.config.d_model

    def to(self, device: str | torch.device) -> "T5Encoder":
        """Move the encoder to a device."""
        self.model.to(device)
        return self

    def tokens(self, prompts: list[str]) -> Int[Tensor, "batch txt"]:
        """The token ids of the prompts; warns when words do not fit or are unknown."""
        return tokenize(self.tokenizer, prompts, self.length, "T5")

    @torch.no_grad()
    def __call__(self, prompts: list[str]) -> Float[Tensor, "batch txt context"]:
        """Encode the prompts."""
        ids = self.tokens(prompts).to(self.model.device)
        # No attention mask, as BFL: FLUX.1 learned from features that have read their padding.
        return self.model(input_ids=ids, attention_mask=None).last_hidden_state
