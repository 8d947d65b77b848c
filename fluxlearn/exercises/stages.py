"""The stages of a check, from what is seen at once to what is seen last.

    shape        of the result for random arguments
    dtype        of the same
    arguments    are left as they were
    values       for several draws of random arguments
    toy-dev      values for arguments recorded inside the trained model
    gradients    of the result, where a training step needs them

A stage returns what it saw, or None when it does not apply, and raises `Wrong` with words for the
author of the answer. A result that equals that of a usual mistake is called by its name.
"""

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from fluxlearn.exercises.compare import compare, compare_leaves, leaves
from fluxlearn.exercises.exercise import Answer, Exercise, message
from fluxlearn.exercises.trained import trained

DRAWS = 3


class NotAttempted(Exception):
    """The answer is still the stub."""


class Wrong(Exception):
    """What is wrong with an answer, in words for its author."""


def check_shape(exercise: Exercise, answer: Answer) -> str:
    """Whether the result has the parts and shapes of the solution's."""
    return _same_look(exercise, answer, "shape", _shapes)


def check_dtype(exercise: Exercise, answer: Answer) -> str:
    """Whether the result has the solution's dtype; plain numbers have none to get wrong."""
    return _same_look(exercise, answer, "dtype", _dtypes)


def check_arguments(exercise: Exercise, answer: Answer) -> str:
    """Whether the answer leaves its arguments as they were."""
    arguments = _draw(exercise, 0)
    used = deepcopy(arguments)
    _call(answer, used)
    for name, before, after in zip(_names(exercise), arguments, used, strict=False):
        if isinstance(before, Tensor) and not torch.equal(before, after):
            raise Wrong(
                f"It changes {name} in place, which the caller still needs. Look for +=, *= and "
                f"functions that end in an underscore."
            )
    return "left as they were"


def check_values(exercise: Exercise, answer: Answer) -> str:
    """Whether the values are the solution's for random arguments."""
    for seed in range(DRAWS):
        _same_values(exercise, answer, _draw(exercise, seed))
    return f"right for {DRAWS} random draws"


def check_trained(exercise: Exercise, answer: Answer) -> str:
    """Whether the values are the solution's on what the trained model computes."""
    _same_values(exercise, answer, exercise.recorded(trained()))
    return "right on what the trained model computes"


def check_gradients(exercise: Exercise, answer: Answer) -> str | None:
    """Whether gradients reach the parameters they must, and are right; None if there are none."""
    if not exercise.gradients:
        return None
    given, expected = _gradients(exercise, answer), _gradients(exercise, exercise.solution)
    for name in exercise.gradients:
        if given.get(name) is None:
            raise Wrong(
                f"The values are right, but no gradient reaches {name}. Look for .detach(), "
                f".data, .item(), .numpy() and torch.no_grad()."
            )
        difference = compare(given[name], expected[name], atol=exercise.atol)
        if not difference:
            raise Wrong(f"The values are right, the gradient of {name} is not: {difference}.")
    return f"reach {' and '.join(exercise.gradients)}"


def _draw(exercise: Exercise, seed: int) -> tuple[Any, ...]:
    return exercise.inputs(torch.Generator().manual_seed(seed))


def _names(exercise: Exercise) -> list[str]:
    return list(inspect.signature(exercise.solution).parameters)


def _call(answer: Answer, arguments: tuple[Any, ...]) -> Any:
    try:
        given = answer(*arguments)
    except NotImplementedError:
        raise NotAttempted from None
    except Exception as error:
        lines = f"{error}".strip().splitlines() or ["no message"]
        raise Wrong(f"It raised {type(error).__name__}: {lines[0]}") from None
    if given is ... or (isinstance(given, tuple) and any(part is ... for part in given)):
        raise NotAttempted
    return given


def _parts(answer: Answer, arguments: tuple[Any, ...]) -> dict[str, Tensor]:
    """The tensors of a result; the answer gets arguments of its own."""
    given = _call(answer, deepcopy(arguments))
    try:
        return leaves(given)
    except TypeError:
        cure = "Does it return its result?" if given is None else "Return tensors or numbers."
        raise Wrong(f"It gave {_kind(given)}. {cure}") from None


def _kind(value: Any) -> str:
    return "None" if value is None else f"an object of {type(value).__name__}"


def _same_look(
    exercise: Exercise, answer: Answer, what: str, look: Callable[[dict[str, Tensor]], str]
) -> str:
    """What the solution's result looks like; refuses a result that looks different."""
    arguments = _draw(exercise, 0)
    given, expected = _parts(answer, arguments), _parts(exercise.solution, arguments)
    if look(given) != look(expected):
        told = f"The {what} is {look(given)}, but {look(expected)} is expected."
        raise Wrong(_explained(exercise, arguments, given, told))
    return look(expected)


def _same_values(exercise: Exercise, answer: Answer, arguments: tuple[Any, ...]) -> None:
    with torch.no_grad():
        given, expected = _parts(answer, arguments), _parts(exercise.solution, arguments)
        difference = compare_leaves(given, expected, atol=exercise.atol)
        if not difference:
            told = f"{difference}."
            raise Wrong(_explained(exercise, arguments, given, told[0].upper() + told[1:]))


def _explained(
    exercise: Exercise, arguments: tuple[Any, ...], given: dict[str, Tensor], told: str
) -> str:
    """What is told of a wrong result, and which of the usual mistakes it is."""
    with torch.no_grad():
        for mistake in exercise.mistakes:
            made = leaves(mistake(*deepcopy(arguments)))
            same = compare_leaves(made, given, atol=exercise.atol)
            if same and _dtypes(made) == _dtypes(given):
                return f"{told}\n{message(mistake)}"
    return told


def _gradients(exercise: Exercise, answer: Answer) -> dict[str, Tensor | None]:
    """Parameter → gradient of a weighted sum of the result, None where it does not reach."""
    arguments = deepcopy(_draw(exercise, 0))
    given = dict(zip(_names(exercise), arguments, strict=False))
    sources = {name: given[name].requires_grad_() for name in exercise.gradients}
    with torch.enable_grad():
        results = [part for part in leaves(_call(answer, arguments)).values() if part.requires_grad]
    if not results:
        return {}
    # With equal weights, errors of different sign could cancel.
    weights = [torch.arange(part.numel()).cos().reshape(part.shape).to(part) for part in results]
    gradients = torch.autograd.grad(results, list(sources.values()), weights, allow_unused=True)
    return dict(zip(sources, gradients, strict=True))


def _shapes(parts: dict[str, Tensor]) -> str:
    return _listed({name: f"{tuple(part.shape)}" for name, part in parts.items()})


def _dtypes(parts: dict[str, Tensor]) -> str:
    return _listed({name: f"{part.dtype}".removeprefix("torch.") for name, part in parts.items()})


def _listed(told: dict[str, str]) -> str:
    """One text for all parts when they are alike, or each part with its name."""
    texts = set(told.values())
    if len(texts) == 1 and (len(told) > 1 or "" in told):
        return texts.pop() if "" in told else f"{len(told)} times {texts.pop()}"
    return ", ".join(f"{name} {text}" for name, text in told.items()) or "nothing"
