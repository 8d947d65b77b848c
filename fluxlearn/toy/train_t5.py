"""The toy's T5: an encoder that has understood its captions before the flow model sees it.

    loss = writing the canonical line or the hidden words (decoder) + what each word tells (readout)

The decoder has one layer, so that the work is done in the encoder's token features. Decoder and
readout are thrown away; the encoder is kept.

No attention mask is passed, in training as in use: see `fluxlearn.text.t5`.

Source: T5, arXiv:1910.10683; v1.1 (gated GELU), arXiv:2002.05202.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fluxlearn.files import write_whole
from fluxlearn.toy.captions import Caption
from fluxlearn.toy.readout import Readout
from fluxlearn.toy.t5_tasks import canonical, captions_at, hidden_at
from fluxlearn.toy.tokenizers import (
    T5_LENGTH,
    sample_captions,
    sample_instructions,
    save_pair,
    t5_tokenizer,
)
from fluxlearn.training.loop import train

TARGET_LENGTH = 16  # tokens of the longest canonical line, </s> included
SIZES: dict[str, Any] = {
    "d_model": 128,
    "num_layers": 3,
    "num_decoder_layers": 1,
    "num_heads": 4,
    "d_kv": 32,
    "d_ff": 320,
    "feed_forward_proj": "gated-gelu",
    "relative_attention_max_distance": T5_LENGTH,
    "dropout_rate": 0.0,  # scenes are endless, so nothing can be learned by heart
}


def train_t5(folder: Path, seed: int = 0, steps: int = 900, batch: int = 64) -> dict:
    """Train the toy's T5, save encoder and tokenizer to `folder/t5`, return its figures.

    A run that was killed is resumed; a finished one is not repeated.
    """
    done = folder / "t5.json"
    if done.exists():
        return json.loads(done.read_text())
    tokenizer = t5_tokenizer(vocabulary_texts(seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader(tokenizer)

    def loss_at(step: int) -> Tensor:
        captions = captions_at(seed, step, batch - batch // 4)
        return reader(captions, hidden_at(seed, step, batch // 4))

    run = train(reader, loss_at, optimizers(reader), folder / "t5.checkpoint", steps)
    encoder = reader.encoder()
    figures: dict[str, Any] = {"seed": seed, "steps": steps, "batch": batch}
    figures["seconds"] = round(run.seconds)
    figures["parameters"] = encoder.num_parameters()
    for split in ("test", "novel"):
        figures[f"lines_{split}"], figures[f"words_{split}"] = reader.scores(split)
    save_pair(encoder, tokenizer, folder / "t5")
    write_whole(done, json.dumps(figures, indent=1))
    return figures


class Reader(nn.Module):
    """T5 with a readout: what is trained."""

    def __init__(self, tokenizer) -> None:
        from transformers import T5Config, T5ForConditionalGeneration

        super().__init__()
        special = {"decoder_start_token_id": tokenizer.pad_token_id}
        config = T5Config(vocab_size=len(tokenizer), **special, **SIZES)
        self.tokenizer, self.t5 = tokenizer, T5ForConditionalGeneration(config)
        self.readout = Readout(tokenizer, config.d_model)
        # With a gain of 1 each token feature has RMS 1, the scale that txt_in likes.
        self.t5.encoder.final_layer_norm.weight.requires_grad_(False)

    def forward(
        self, captions: list[Caption], hidden: tuple[list[str], list[str]]
    ) -> Float[Tensor, ""]:
        ids = self.rows([caption.text for caption in captions] + hidden[0], T5_LENGTH)
        lines = [canonical(caption.tells) for caption in captions] + hidden[1]
        labels = self.rows(lines, TARGET_LENGTH)
        labels = labels.masked_fill(labels == self.tokenizer.pad_token_id, -100)
        written = self.t5(input_ids=ids, labels=labels)

        txt = written.encoder_last_hidden_state[: len(captions)]
        told, _ = self.readout(txt, ids[: len(captions)], [c.tells for c in captions])
        return written.loss + told

    def rows(self, texts: list[str], length: int) -> Int[Tensor, "batch txt"]:
        """Token ids, padded to one length."""
        return self.tokenizer(
            texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        ).input_ids

    @torch.no_grad()
    def scores(self, split: str, count: int = 1024) -> tuple[float, float]:
        """Share of captions of a split whose line is right to the last token, and of right words.

        Greedy decoding writes a line without error exactly when each token is the likeliest after
        the true tokens before it, so one pass over the true lines tells.
        """
        captions = captions_at(10_000, 0, count, split)
        told = [caption.tells for caption in captions]
        ids = self.rows([caption.text for caption in captions], T5_LENGTH)
        lines = self.rows([canonical(description) for description in told], TARGET_LENGTH)
        written = self.t5(input_ids=ids, labels=lines)
        is_right = (written.logits.argmax(dim=-1) == lines) | (lines == self.tokenizer.pad_token_id)
        _, words = self.readout(written.encoder_last_hidden_state, ids, told)
        return is_right.all(dim=1).float().mean().item(), words

    def encoder(self):
        """The encoder alone, as transformers' T5EncoderModel."""
        from transformers import T5EncoderModel

        encoder, weights = T5EncoderModel(self.t5.config), self.t5.state_dict()
        encoder.load_state_dict({key: weights[key] for key in encoder.state_dict()})
        return encoder.eval()


def optimizers(reader: Reader) -> list[torch.optim.Optimizer]:
    """AdamW. A distance's attention bias is a logit and has to move by units, so it is faster."""
    named = [(name, p) for name, p in reader.named_parameters() if p.requires_grad]
    biases = [p for name, p in named if "relative_attention_bias" in name]
    rest = [p for name, p in named if "relative_attention_bias" not in name]
    groups = [{"params": rest}, {"params": biases, "lr": 1e-2, "weight_decay": 0.0}]
    return [torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98))]


def vocabulary_texts(seed: int) -> list[str]:
    """Texts that hold every word that is read or written."""
    rng = np.random.default_rng(seed)
    lines = [canonical(caption.tells) for caption in captions_at(seed, 0, 1000)]
    return sample_captions(rng) + sample_instructions(rng) + lines
