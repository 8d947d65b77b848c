"""An exercise: what is asked, what is right, what usually goes wrong, and what helps.

An exercise is one file in a chapter's folder. The file's name is the exercise's, its docstring is
the statement, and its `EXERCISE` holds the rest together:

    solution    a right answer; the package's own function where there is one
    other       as right, in another style: a checker must not ask for one way of writing
    mistakes    functions that go wrong in a usual way; a docstring says in which
    hints       three, from a nudge to nearly the answer
    inputs      arguments with random values
    recorded    the same arguments as they occur inside the trained model
    gradients   parameters that gradients must reach
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch

from fluxlearn.exercises.trained import Trained

Answer = Callable[..., Any]
"""What a reader hands in: a function with the parameters of the solution."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Exercise:
    """One exercise; see the module."""

    solution: Answer
    other: Answer
    mistakes: tuple[Answer, ...]
    hints: tuple[str, str, str]
    returns: str  # what comes back, as a comment in the stub
    inputs: Callable[[torch.Generator], tuple[Any, ...]]
    recorded: Callable[[Trained], tuple[Any, ...]]
    gradients: tuple[str, ...] = ()  # parameters that a gradient must reach
    atol: float = 1e-5  # by so much, and by 1e-4 of its size, a right value may be off

    @property
    def name(self) -> str:
        """What stands behind `fl.check.`: the name of the exercise's file."""
        return self._file.__name__.split(".")[-1]

    @property
    def statement(self) -> str:
        """What is asked: the docstring of the exercise's file."""
        return inspect.getdoc(self._file) or ""

    @property
    def stub(self) -> str:
        """What a reader starts from; it has the solution's parameters, so the two cannot drift."""
        parameters = inspect.signature(self.solution).parameters.values()
        plain = [str(p.replace(annotation=p.empty)) for p in parameters]
        return f"def my_{self.name}({', '.join(plain)}):\n    return ...  # {self.returns}"

    @property
    def _file(self) -> ModuleType:
        return sys.modules[self.inputs.__module__]


def message(mistake: Answer) -> str:
    """What a mistake's docstring says, on one line."""
    return " ".join((inspect.getdoc(mistake) or "").split())
