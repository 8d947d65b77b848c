"""Predict, then look: what was expected stands beside what came.

    fl.predict("shape of q", (2, 4, 72, 16))
    fl.reveal("shape of q", q.shape)

Source: predicting before seeing is what makes a demonstration stay; udlbook's notebooks live by it.
"""

import math
from typing import Any

from fluxlearn.catalogue import Explanation

NEAR = 0.1  # of its size: by so much a guess of a measured number may be off

_GUESSES: dict[str, Any] = {}


def predict(question: str, guess: Any) -> Explanation:
    """Write down what you expect before the cell that shows it.

    guess  a number, a word, a shape; `...` as long as there is none.
    """
    _GUESSES[question] = guess
    if guess is ...:
        return Explanation(f"{question}? No guess yet: write it in the place of the dots.")
    return Explanation(f"{question}? You expect {guess}.")


def reveal(question: str, truth: Any) -> Explanation:
    """Say what came, beside what was predicted.

    Raises ValueError for a question that was not asked before.
    """
    if question not in _GUESSES:
        asked = ", ".join(repr(q) for q in _GUESSES) or "nothing"
        raise ValueError(
            f"{question!r} was not predicted, only {asked}. Call predict with these words first."
        )
    guess = _GUESSES[question]
    truth = tuple(truth) if _is_row(truth) else truth
    told = f"{truth:.3g}" if isinstance(truth, float) else f"{truth}"
    if guess is ...:
        return Explanation(f"{question}? It is {told}.")
    met = "as you expected" if _meets(guess, truth) else f"you expected {guess}"
    return Explanation(f"{question}? It is {told}: {met}.")


def _meets(guess: Any, truth: Any) -> bool:
    if isinstance(guess, float) or isinstance(truth, float):
        return isinstance(guess, (int, float)) and math.isclose(guess, truth, rel_tol=NEAR)
    return tuple(guess) == truth if _is_row(guess) else guess == truth


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple))
