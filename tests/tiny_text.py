"""Sizes and tokenizers of text encoders with a few thousand weights."""

from transformers import CLIPTextConfig, CLIPTokenizer, T5Config, T5Tokenizer

WORDS = ("a", "red", "blue", "circle", "square", "left", "of")


def clip_tokenizer() -> CLIPTokenizer:
    symbols = [chr(code) for code in range(33, 127)]
    symbols += [symbol + "</w>" for symbol in symbols] + ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={symbol: i for i, symbol in enumerate(symbols)}, merges=[])


def clip_config(**sizes) -> CLIPTextConfig:
    tokenizer = clip_tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, **{"max_position_embeddings": 16, **sizes},
    )  # fmt: skip


def t5_tokenizer(**options) -> T5Tokenizer:
    pieces = ["<pad>", "</s>", "<unk>", *("▁" + word for word in WORDS)]
    return T5Tokenizer(vocab=[(piece, -1.0) for piece in pieces], extra_ids=0, **options)


def t5_config(**sizes) -> T5Config:
    return T5Config(
        vocab_size=10, d_kv=8, d_ff=32, num_layers=2, num_heads=2,
        feed_forward_proj="gated-gelu", decoder_start_token_id=0, **{"d_model": 24, **sizes},
    )  # fmt: skip
