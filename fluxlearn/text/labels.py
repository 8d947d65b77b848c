"""Labels: which token is which word, and which words there are.

    prompt   a red circle, a skyscraper
    tokens   ▁a ▁red ▁circle , ▁a ▁sky scrap er </s> <pad> <pad> …
    words    a#1  red  circle  a#2  skyscraper → 3 tokens

A map of attention has an axis of T5's tokens, so its labels must come from T5's tokenizer, which
tells the letters that each token covers. (CLIP cuts prompts otherwise and begins with a token of
its own: labels from there are shifted.) T5 marks the beginning of a word with ▁.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

WORD = re.compile(r"\w+(?:['’-]\w+)*")  # letters and digits; "t-shirt" and "dog's" are one word


@dataclass(frozen=True)
class Word:
    """One word of a prompt."""

    text: str  # as it is written there
    name: str  # to ask for it by: its text, with "#2" where it is the second such word
    tokens: tuple[int, ...]  # their places, from 0; empty when the prompt was cut before


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The tokens of one prompt, and the words they spell."""

    prompt: str
    pieces: tuple[str, ...]  # one for each token: "▁red", ",", "</s>", "<pad>"
    places: tuple[tuple[int, int], ...]  # the letters of the prompt that each token covers
    end: str  # what the tokenizer writes for the end of a prompt
    padding: str  # and for what fills it up

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words, in reading order."""
        found = list(WORD.finditer(self.prompt))
        often = Counter(match.group().casefold() for match in found)
        met: Counter[str] = Counter()
        words = []
        for match in found:
            text = match.group()
            met[text.casefold()] += 1
            number = f"#{met[text.casefold()]}" if often[text.casefold()] > 1 else ""
            words.append(Word(text, text + number, self._covering(*match.span())))
        return tuple(words)

    def find(self, name: str) -> tuple[int, ...]:
        """The tokens of a word, or of several that follow one another: "red", "red circle".

        name  in capitals or not; "red#2" is the second "red".

        Raises ValueError when there is no such word, when there are several, and when the prompt
        was cut before it.
        """
        wanted, _, number = name.casefold().partition("#")
        texts = wanted.split()
        starts = [i for i in range(len(self.words)) if texts and self._reads(i, texts)]
        if number:
            starts = starts[int(number) - 1 : int(number)] if number.isdecimal() else []
        if not starts:
            raise ValueError(f"{name!r} is no word of {self.prompt!r}. {self._listed()}")
        if len(starts) > 1:
            numbers = " or ".join(repr(f"{name}#{i + 1}") for i in range(len(starts)))
            raise ValueError(
                f"{name!r} occurs {len(starts)} times in {self.prompt!r}. Say {numbers}."
            )
        chosen = self.words[starts[0] : starts[0] + len(texts)]
        cut = [word.text for word in chosen if not word.tokens]
        if cut:
            raise ValueError(
                f"{name!r} has no token: {len(self.pieces)} tokens are read of this prompt, and "
                f"{', '.join(cut)} comes after them. {self._listed()}"
            )
        return tuple(sorted({token for word in chosen for token in word.tokens}))

    def regions(self) -> dict[str, tuple[int, ...]]:
        """All tokens, each in one of three groups: <words> (with punctuation), <end>, <padding>."""
        special = {self.end: "<end>", self.padding: "<padding>"}
        kinds = [special.get(piece, "<words>") for piece in self.pieces]
        return {
            name: tuple(i for i, kind in enumerate(kinds) if kind == name)
            for name in ("<words>", "<end>", "<padding>")
        }

    def __repr__(self) -> str:
        shown = [f"{i} {piece}" for i, piece in enumerate(self.pieces) if piece != self.padding]
        rest = len(self.pieces) - len(shown)
        return f"<{len(self.pieces)} tokens: {'  '.join(shown)}  and {rest} of padding>"

    def _covering(self, start: int, stop: int) -> tuple[int, ...]:
        return tuple(i for i, (a, b) in enumerate(self.places) if a < stop and b > start)

    def _reads(self, start: int, texts: Sequence[str]) -> bool:
        words = self.words[start : start + len(texts)]
        return [word.text.casefold() for word in words] == list(texts)

    def _listed(self) -> str:
        names = [word.name for word in self.words if word.tokens]
        return f"There is {', '.join(names) or 'no word at all'}."


def label(tokenizer: Any, prompt: str, length: int) -> Labels:
    """The labels of a prompt.

    tokenizer  T5's.
    length     tokens that a prompt has after padding, `T5Encoder.length`.
    """
    read = tokenizer(
        prompt,
        padding="max_length",
        truncation=True,
        max_length=length,
        return_offsets_mapping=True,
    )
    return Labels(
        prompt=prompt,
        pieces=tuple(tokenizer.convert_ids_to_tokens(read.input_ids)),
        places=tuple((int(a), int(b)) for a, b in read.offset_mapping),
        end=tokenizer.eos_token,
        padding=tokenizer.pad_token,
    )
