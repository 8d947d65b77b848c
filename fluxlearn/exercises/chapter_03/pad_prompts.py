"""Bring prompts to one length, as T5 wants them: words, the end token, then padding.

    words </s> <pad> <pad> …            int64, [batch, length]

A prompt with too many words is cut, but the end token always stands: `length - 1` words at most.
rows is a list of lists of token ids; end and padding are ids.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import PROMPT, Trained

Rows = list[list[int]]


def pad_prompts(rows: Rows, length: int, end: int, padding: int) -> Int[Tensor, "batch txt"]:
    """What T5's tokenizer does with `padding="max_length", truncation=True`."""
    ended = [[*row[: length - 1], end] for row in rows]
    return torch.tensor([[*row, *[padding] * (length - len(row))] for row in ended])


def by_filling(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """All padding first, then the words over it."""
    ids = torch.full((len(rows), length), padding)
    for line, row in zip(ids, rows, strict=True):
        words = min(len(row), length - 1)
        line[:words] = torch.tensor(row[:words])
        line[words] = end
    return ids


def end_cut_off(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """Cutting takes the end token away: leave room for it."""
    ended = [[*row, end][:length] for row in rows]
    return torch.tensor([[*row, *[padding] * (length - len(row))] for row in ended])


def end_after_padding(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """The end token stands behind the padding: it belongs right behind the last word."""
    cut = [row[: length - 1] for row in rows]
    return torch.tensor([[*row, *[padding] * (length - 1 - len(row)), end] for row in cut])


def no_end(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """There is no end token: T5 was trained with one behind every text."""
    return torch.tensor([[*row[:length], *[padding] * (length - len(row))] for row in rows])


def padded_on_the_left(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """The padding stands on the left, as in models that write on: here on the right."""
    ended = [[*row[: length - 1], end] for row in rows]
    return torch.tensor([[*[padding] * (length - len(row)), *row] for row in ended])


def padded_with_the_end(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """The row is filled with the end token, as CLIP's are: T5 has a token of its own for that."""
    return pad_prompts(rows, length, end, end)


def last_words_kept(rows: Rows, length: int, end: int, padding: int) -> Tensor:
    """Cutting takes the first words away: the last ones go."""
    return pad_prompts([row[1 - length :] for row in rows], length, end, padding)


def inputs(generator: torch.Generator) -> tuple[Rows, int, int, int]:
    """A short prompt and one that is too long."""
    rows = [torch.randint(2, 60, (count,), generator=generator).tolist() for count in (3, 12)]
    return rows, 8, 1, 0


def recorded(trained: Trained) -> tuple[Rows, int, int, int]:
    """The words of a real prompt, and the length that toy-dev reads."""
    tokenizer = trained.t5.tokenizer
    words = tokenizer(PROMPT, add_special_tokens=False).input_ids
    return [words, 3 * words], trained.t5.length, tokenizer.eos_token_id, tokenizer.pad_token_id


EXERCISE = Exercise(
    solution=pad_prompts,
    other=by_filling,
    mistakes=(
        end_cut_off,
        end_after_padding,
        no_end,
        padded_on_the_left,
        padded_with_the_end,
        last_words_kept,
    ),
    hints=(
        "How many words of a long prompt fit, if the end token needs a place as well?",
        "[*row[: length - 1], end] is right for long prompts and for short ones.",
        "Then each row lacks length - len(row) padding tokens: [padding] * that.",
    ),
    returns="[batch, length], int64",
    inputs=inputs,
    recorded=recorded,
)
