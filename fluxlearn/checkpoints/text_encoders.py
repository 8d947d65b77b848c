"""Both text encoders from disk: folders in transformers' layout, or single files.

ComfyUI keeps them as files of weights alone, without config or tokenizer:

    clip_l.safetensors            text_model.encoder.layers.0.…
    t5xxl_fp16.safetensors        encoder.block.0.…                  or fp8, plain or scaled

Any prefix may stand before these names, as in files that hold a whole pipeline. Sizes are read off
the shapes; the one that is in no shape is taken from CLIP's rule, 64 channels a head.
"""

from pathlib import Path
from typing import Any

import torch

from fluxlearn.checkpoints.checkpoint import Checkpoint, open_checkpoint
from fluxlearn.checkpoints.parts import Text
from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.text.pretrained import fill_model, read_tokenizer
from fluxlearn.text.t5 import T5Encoder

HEAD_DIM = 64
"""Channels of one head in every CLIP."""

# A tensor that gives each kind away, and what its file should be.
CLIP = ("embeddings.token_embedding.weight", "CLIP's text encoder (clip_l)")
T5 = ("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", "T5 (t5xxl)")


def read_text_encoders(places: Text, dtype: torch.dtype, length: int | None = None) -> TextEncoders:
    """Read CLIP and T5, each from a folder or from a file.

    length  tokens of a prompt, as for `T5Encoder`.

    Raises FileNotFoundError or ValueError for a missing, foreign or damaged one.
    """
    if places.clip.is_dir():
        beside: dict[str, Any] = {"tokenizer_path": places.clip_tokenizer, "dtype": dtype}
        clip = ClipEncoder.from_folder(places.clip, **beside)
    else:
        clip = read_clip(places.clip, places.clip_tokenizer, dtype)
    if places.t5.is_dir():
        beside = {"tokenizer_path": places.t5_tokenizer, "dtype": dtype}
        t5 = T5Encoder.from_folder(places.t5, length=length, **beside)
    else:
        t5 = read_t5(places.t5, places.t5_tokenizer, dtype, length)
    return TextEncoders(clip, t5)


def read_clip(path: Path, tokenizer_path: Path, dtype: torch.dtype) -> ClipEncoder:
    """Read CLIP's text encoder from one file.

    Raises FileNotFoundError or ValueError for another file, or a damaged one.
    """
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    tokenizer = read_tokenizer(CLIPTokenizer, tokenizer_path)
    checkpoint = _open(path, *CLIP)
    width = _size(checkpoint, CLIP[0], 1)
    config = CLIPTextConfig(
        vocab_size=_size(checkpoint, CLIP[0]),
        hidden_size=width,
        intermediate_size=_size(checkpoint, "encoder.layers.0.mlp.fc1.weight"),
        num_hidden_layers=_count(checkpoint, "encoder.layers."),
        num_attention_heads=max(1, width // HEAD_DIM),
        max_position_embeddings=_size(checkpoint, CLIP[0].replace("token", "position")),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    # As published: what every version of transformers reads, whatever it calls them itself.
    tensors = {f"text_model.{name}": t for name, t in checkpoint.cast(dtype).items()}
    model = fill_model(CLIPTextModel, config, tensors, checkpoint.source)
    return ClipEncoder(model, tokenizer)


def read_t5(
    path: Path, tokenizer_path: Path, dtype: torch.dtype, length: int | None = None
) -> T5Encoder:
    """Read T5's encoder from one file.

    Raises FileNotFoundError or ValueError for another file, or a damaged one.
    """
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    tokenizer = read_tokenizer(T5Tokenizer, tokenizer_path)
    checkpoint = _open(path, *T5)
    heads, first = _size(checkpoint, T5[0], 1), "encoder.block.0.layer."
    config = T5Config(
        vocab_size=_size(checkpoint, "shared.weight"),
        d_model=_size(checkpoint, "shared.weight", 1),
        d_kv=_size(checkpoint, f"{first}0.SelfAttention.q.weight") // max(1, heads),
        d_ff=_size(checkpoint, f"{first}1.DenseReluDense.wi_0.weight"),
        num_layers=_count(checkpoint, "encoder.block."),
        num_heads=heads,
        relative_attention_num_buckets=_size(checkpoint, T5[0]),
        feed_forward_proj="gated-gelu",
    )
    tensors = dict(checkpoint.cast(dtype))
    model = fill_model(T5EncoderModel, config, tensors, checkpoint.source)
    return T5Encoder(model, tokenizer, length)


def _open(path: Path, mark: str, what: str) -> Checkpoint:
    """The checkpoint in a file, without what stands before the names of all its tensors."""
    checkpoint = open_checkpoint(path)
    marked = next((name for name in checkpoint if name.endswith(mark)), None)
    if marked is None:
        raise ValueError(
            f"{path} holds {sorted(checkpoint)[:3]}, not {what}, which has {mark}. Is it the right "
            f"file?"
        )
    prefix = marked.removesuffix(mark)
    return checkpoint.under(prefix) if prefix else checkpoint


def _size(checkpoint: Checkpoint, name: str, axis: int = 0) -> int:
    shape = checkpoint.places[name].stored.shape if name in checkpoint else ()
    if len(shape) != 2:
        raise ValueError(
            f"{checkpoint.source} has {name} of shape {shape or None}, but a matrix is expected, "
            f"from which the model's sizes are read. Is the file whole?"
        )
    return shape[axis]


def _count(checkpoint: Checkpoint, prefix: str) -> int:
    return len({k.removeprefix(prefix).split(".")[0] for k in checkpoint if k.startswith(prefix)})
