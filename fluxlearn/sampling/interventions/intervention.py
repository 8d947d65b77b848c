"""An intervention: edits of points, and the call that made them.

    with edit(pipe, bypass("single.3").during([0, 1])):
        pipe.paint(prompt)

It is a mapping from points to edits, so `edit` takes it as it is. The call is kept beside the edits
because a function cannot be written to a file, but the name and the arguments of a call can.
Several at once, the first outermost:

    with intervene(pipe, [scale("vec", 2), bypass("double.1")]):
        pipe.paint(prompt)
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from fluxlearn.trace.edit import At, edit
from fluxlearn.trace.moment import current_moment


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervention(Mapping[str, Any]):
    """Edits of points, and by which call they were made."""

    builder: str  # the name of the function that was called: "bypass"
    arguments: dict[str, Any]  # what it was given
    edits: dict[str, Any]  # name or glob of a point → function (value, at) → value, or a value
    steps: tuple[int, ...] | None = None  # sampling steps at which it acts; None is all of them
    branch: str | None = None  # of guidance, "cond" or "uncond"; None is both

    def during(self, steps: Iterable[int]) -> "Intervention":
        """The same, at some sampling steps only; they count from 0.

        Raises TypeError or ValueError for what is no step, ValueError for one at which this
        intervention has nothing to do.
        """
        chosen = as_steps(steps)
        if self.steps is not None and not set(chosen) <= set(self.steps):
            raise ValueError(
                f"steps are {list(chosen)}, but this {self.builder} acts at steps "
                f"{list(self.steps)} only. Choose among these."
            )
        return replace(self, steps=chosen)

    def __getitem__(self, point: str) -> Any:
        """The edit of a point; at other steps, and on the other branch, it changes nothing."""
        change = self.edits[point]
        if self.steps is None and self.branch is None:
            return change

        def change_in_time(value: Any, at: At) -> Any:
            if not self._acts():
                return value
            return change(value, at) if callable(change) else change

        return change_in_time

    def __iter__(self) -> Iterator[str]:
        return iter(self.edits)

    def __len__(self) -> int:
        return len(self.edits)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={_told(value)}" for name, value in self.arguments.items())
        when = "" if self.steps is None else f" at steps {list(self.steps)}"
        return f"<{self.builder}({told}){when}>"

    def _acts(self) -> bool:
        now = current_moment()
        if now is None:  # outside a sampler there are no steps to choose from
            return True
        if self.steps is not None and max(self.steps) >= now.of:
            raise ValueError(
                f"steps are {list(self.steps)}, but this painting takes {now.of}, counted from 0 "
                f"to {now.of - 1}. Paint with more steps, or name earlier ones."
            )
        right_branch = self.branch is None or now.branch == self.branch
        return right_branch and (self.steps is None or now.step in self.steps)


@contextmanager
def intervene(
    model: Any, interventions: Mapping[str, Any] | Iterable[Mapping[str, Any]]
) -> Iterator[None]:
    """Edit a pipeline or module by one intervention, or by several, while the block runs.

    interventions   the first is outermost: where two edit the same point, it sees the value first.
                    Edits as `edit` takes them may stand among them.

    Raises as `edit` does.
    """
    one_only = isinstance(interventions, Mapping)
    several: list[Any] = [interventions] if one_only else list(interventions)
    with ExitStack() as stack:
        for one in several:
            stack.enter_context(edit(model, one))
        yield


def as_steps(steps: Iterable[int]) -> tuple[int, ...]:
    """Sampling steps in order, each once.

    Raises TypeError or ValueError for anything but whole numbers from 0, and for none at all.
    """
    return as_counts("steps", steps, "They count from 0, the noisiest.")


def as_counts(name: str, given: Iterable[int], cure: str) -> tuple[int, ...]:
    """Whole numbers from 0 in order, each once.

    Raises TypeError for what is not several, ValueError for other values, and for none at all.
    """
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise TypeError(f"{name} is {given!r}, but several are expected. For one alone: [{given}].")
    chosen = list(given)
    bad = [n for n in chosen if isinstance(n, bool) or not isinstance(n, int) or n < 0]
    if bad or not chosen:
        raise ValueError(
            f"{name} is {chosen}, but one or more whole numbers from 0 are expected. {cure}"
        )
    return tuple(sorted(set(chosen)))


def as_names(name: str, given: str | Iterable[str]) -> list[str]:
    """Names or globs as a list.

    Raises TypeError for anything else, ValueError for none at all.
    """
    if not isinstance(given, Iterable):
        raise TypeError(f"{name} is {given!r}, but names or globs are expected: 'double.*'.")
    names = [given] if isinstance(given, str) else list(given)
    if not names:
        raise ValueError(f"{name} is empty, so there is nothing to edit. Say '*' for all.")
    for one in names:
        if not isinstance(one, str):
            raise TypeError(f"{name} holds {one!r}, but names or globs are expected: 'double.*'.")
    return names


def as_number(name: str, given: float) -> float:
    """A finite number.

    Raises ValueError for anything else.
    """
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not math.isfinite(given):
        raise ValueError(f"{name} is {given!r}, but a finite number is expected: 0 or 1.5.")
    return given


def fit(new: Tensor, value: Tensor, point: str, cure: str) -> Tensor:
    """A tensor in the size, precision and place of the value that it replaces.

    A batch of one is repeated. Raises ValueError when it is of another shape.
    """
    batches = value.shape[:1], (1,)
    if new.ndim != value.ndim or new.shape[1:] != value.shape[1:] or new.shape[:1] not in batches:
        raise ValueError(
            f"{point!r} is {tuple(value.shape)}, but what should take its place is "
            f"{tuple(new.shape)}. {cure}"
        )
    return new.to(value).expand_as(value)


def _told(value: Any) -> str:
    """An argument in short: of a tensor, its shape; of a conditioning, its prompts."""
    if isinstance(value, Tensor):
        return f"tensor{list(value.shape)}"
    return repr(getattr(value, "prompts", value))
