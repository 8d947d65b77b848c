"""Prompts → rows of token ids of one fixed length.

FLUX.1 was trained on padded rows, so a short prompt is padded to the full length and a long one
is cut there. Nothing is lost in silence: cut words and words unknown to the tokenizer are named.
"""

import warnings
from typing import Any

from jaxtyping import Int
from torch import Tensor


def tokenize(
    tokenizer: Any, prompts: list[str], length: int, encoder: str
) -> Int[Tensor, "batch txt"]:
    """Turn each prompt into `length` token ids, padded or cut.

    encoder  the name that warnings use, for example "T5".
    """
    whole = tokenizer(prompts, return_offsets_mapping=True, verbose=False)
    for prompt, ids, places in zip(prompts, whole.input_ids, whole.offset_mapping, strict=True):
        if len(ids) > length:
            warnings.warn(
                f"{encoder} reads {length} tokens of a prompt; dropped: "
                f"{_dropped(prompt, places, length)!r}. "
                f"Shorten the prompt or load the encoder with a larger length.",
                stacklevel=3,
            )
        # CLIP's unknown token is its end-of-text token, but its bytes spell any word.
        unknown = tokenizer.unk_token_id
        if unknown != tokenizer.eos_token_id and unknown in ids:
            starts = [place[0] for place, i in zip(places, ids, strict=True) if i == unknown]
            warnings.warn(
                f"{encoder} does not know {_words(prompt, starts)} "
                f"and reads {tokenizer.unk_token} instead.",
                stacklevel=3,
            )
    return tokenizer(
        prompts, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
    ).input_ids


def _dropped(prompt: str, places: list[tuple[int, int]], length: int) -> str:
    """The end of the prompt that does not fit into `length` tokens, in whole words."""
    # The last place goes to the end-of-text token, so the token that would stand there is lost.
    return prompt[_word_start(prompt, places[length - 1][0]) :]


def _words(prompt: str, places: list[int]) -> str:
    """The words at these places, quoted, in reading order."""
    starts = sorted({_word_start(prompt, place) for place in places})
    return ", ".join(repr(prompt[start:].split()[0]) for start in starts)


def _word_start(prompt: str, place: int) -> int:
    """Where the word begins that holds a place, or that follows a space there."""
    while prompt[place].isspace():
        place += 1
    while place > 0 and not prompt[place - 1].isspace():
        place -= 1
    return place
