"""The toy world's two tokenizers: the real classes over some seventy words.

    T5    T5Tokenizer: a Unigram model whose pieces are words, scored by log frequency
    CLIP  CLIPTokenizer: byte-level pair encoding, trained until each word is one token

The pieces of T5 are whole words, so a word that no caption uses becomes <unk> and can be named to
whoever wrote it. CLIP spells such a word in bytes, as the real one does. The longest caption has 19
words; with the special tokens it fits both lengths.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxlearn.files import replacing
from fluxlearn.toy.captions import describe
from fluxlearn.toy.dataset import scenes
from fluxlearn.toy.edits import edits

if TYPE_CHECKING:
    from transformers import CLIPTokenizer, T5Tokenizer

T5_LENGTH = 20  # tokens of a prompt: 19 words and </s>
CLIP_LENGTH = 24  # 19 words, start and end of text, and 3 to spare
SENTINELS = 8  # <extra_id_0> … stand for hidden words when T5 is trained


def sample_captions(rng: np.random.Generator | int, count: int = 4000) -> list[str]:
    """Captions of training scenes: every word that a caption can have, about as often as it has."""
    rng = np.random.default_rng(rng)
    return [describe(scene, rng).text for scene in itertools.islice(scenes(rng), count)]


def sample_instructions(rng: np.random.Generator | int, count: int = 1000) -> list[str]:
    """Instructions of training edits, for the words that only they use."""
    return [edit.instruction for edit in itertools.islice(edits(rng), count)]


def save_pair(model, tokenizer, folder: Path) -> None:
    """Save a text model and its tokenizer as one folder in transformers' layout, all or nothing."""
    # Padding and cutting are chosen at each call, but would be saved as last used.
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    with replacing(folder) as partial:
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)


def t5_tokenizer(texts: Iterable[str]) -> "T5Tokenizer":
    """Build the toy's T5 tokenizer from all words of `texts`.

        score(word) = log (times it occurs / times all words occur)

    Words are never cut, so this already is the most likely Unigram model; nothing is left to train.
    """
    from transformers import T5Tokenizer

    counts = Counter(piece for text in texts for piece in _pieces(text))
    total = counts.total()
    words = [(piece, math.log(counts[piece] / total)) for piece in sorted(counts)]
    special = [(token, 0.0) for token in ("<pad>", "</s>", "<unk>")]
    hidden = [(f"<extra_id_{i}>", 0.0) for i in reversed(range(SENTINELS))]
    return T5Tokenizer(
        vocab=special + words + hidden, extra_ids=SENTINELS, model_max_length=T5_LENGTH
    )


def _pieces(text: str) -> list[str]:
    """Words with T5's mark of a word's beginning, and the punctuation attached to them without."""
    return re.findall(r"▁\w+|▁?[^\w\s▁]", " ".join("▁" + word for word in text.split()))


def clip_tokenizer(texts: Iterable[str]) -> "CLIPTokenizer":
    """Build the toy's CLIP tokenizer: pairs of symbols are joined until each word is one token.

    The vocabulary is laid out as CLIP's: 256 bytes, 256 bytes that end a word, the joined pairs in
    the order of joining, and the two special tokens last.
    """
    from transformers import CLIPTokenizer

    words = sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text)})
    merges = _merges(words)
    byte_symbols = [chr(code) for code in _visible_bytes()]
    symbols = byte_symbols + [symbol + "</w>" for symbol in byte_symbols]
    symbols += ["".join(pair) for pair in merges] + ["<|startoftext|>", "<|endoftext|>"]
    vocab = {symbol: index for index, symbol in enumerate(symbols)}
    # transformers says that merges are strings, but hands them to tokenizers, which takes pairs.
    pairs: Any = merges
    return CLIPTokenizer(vocab=vocab, merges=pairs, model_max_length=CLIP_LENGTH)


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Byte-pair encoding: join the most frequent neighbours until each word is one symbol."""
    spelt = [[*word[:-1], word[-1] + "</w>"] for word in words]
    merges = []
    while pairs := Counter(pair for symbols in spelt for pair in itertools.pairwise(symbols)):
        # Ties are settled by the alphabet, so that the same words give the same tokens anywhere.
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        spelt = [_joined(symbols, best) for symbols in spelt]
    return merges


def _joined(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    """The symbols with each occurrence of the pair joined, from the left."""
    joined: list[str] = []
    for symbol in symbols:
        if joined and (joined[-1], symbol) == pair:
            joined[-1] += symbol
        else:
            joined.append(symbol)
    return joined


def _visible_bytes() -> list[int]:
    """The characters that stand for the bytes 0..255: printable ones for themselves, then others.

    Source: openai/gpt-2 encoder.py `bytes_to_unicode`.
    """
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return visible + [256 + i for i in range(256 - len(visible))]
