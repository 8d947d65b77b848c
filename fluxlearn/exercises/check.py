"""`fl.check.rope(my_rope)`: what is right about an answer, and the first thing that is not."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from fluxlearn.exercises.chapters import exercise_names, find_exercise
from fluxlearn.exercises.exercise import Answer, Exercise
from fluxlearn.exercises.stages import (
    NotAttempted,
    Wrong,
    check_arguments,
    check_dtype,
    check_gradients,
    check_shape,
    check_trained,
    check_values,
)

STAGES: dict[str, Callable[[Exercise, Answer], str | None]] = {
    "shape": check_shape,
    "dtype": check_dtype,
    "arguments": check_arguments,
    "values": check_values,
    "toy-dev": check_trained,
    "gradients": check_gradients,
}


@dataclass(frozen=True)
class Verdict:
    """What a check found; true for a right answer. Prints as lines that are always the same."""

    status: str  # "right", "wrong" or "not attempted"
    text: str

    def __bool__(self) -> bool:
        return self.status == "right"

    def __repr__(self) -> str:
        return self.text


class Checks:
    """A checker for every exercise, by its name: `check.rope(my_rope)`."""

    def __getattr__(self, name: str) -> Callable[[Answer], Verdict]:
        """The checker of an exercise.

        Raises AttributeError, with the nearest names, when there is no such exercise.
        """
        try:
            exercise = find_exercise(name)
        except ValueError as error:
            raise AttributeError(f"{error}") from None
        return lambda answer: check_answer(exercise, answer)

    def __dir__(self) -> list[str]:
        return exercise_names()


check = Checks()
"""The checkers of all exercises, by name: `fl.check.rope(my_rope)`."""


def check_answer(exercise: Exercise, answer: Answer) -> Verdict:
    """Take an answer through all stages, up to the first that finds something wrong.

    An answer that is still the stub is "not attempted", whatever it does.

    Raises TypeError when the answer is no function.
    """
    if not callable(answer):
        raise TypeError(
            f"check.{exercise.name} takes a function, but was given an object of "
            f"{type(answer).__name__}. Pass my_{exercise.name} itself, without calling it."
        )
    lines = [exercise.name]
    # The reader's own random numbers are not to change because an answer was checked.
    with torch.random.fork_rng(devices=()):
        for stage, look in STAGES.items():
            try:
                seen = look(exercise, answer)
            except NotAttempted:
                cure = "Replace the ... and run the cell again."
                return Verdict("not attempted", f"{exercise.name}: not attempted. {cure}")
            except Wrong as wrong:
                return Verdict("wrong", "\n".join([*lines, *_wrong(exercise, stage, wrong)]))
            if seen:
                lines.append(f"  ✓ {stage:<10} {seen}")
    return Verdict("right", "\n".join([*lines, "  right"]))


def _wrong(exercise: Exercise, stage: str, wrong: Wrong) -> list[str]:
    first, *more = f"{wrong}".splitlines()
    return [
        f"  ✗ {stage:<10} {first}",
        *(f"{'':<15}{line}" for line in more),
        f'  fl.hint("{exercise.name}") helps',
    ]
