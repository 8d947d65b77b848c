"""BFL's own format: a file's keys are the model's state-dict keys, so loading is a strict load."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn


def load_strictly(model: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Load tensors into a model by name, with no copy; every key and shape must agree.

    Raises ValueError that lists the first differences.
    """
    check_fit(model, {key: tuple(value.shape) for key, value in tensors.items()}, source)
    model.load_state_dict(tensors, assign=True)


def check_fit(model: nn.Module, given: Mapping[str, tuple[int, ...]], source: str) -> None:
    """Compare names and shapes with those of a model.

    Raises ValueError that lists the first differences.
    """
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    problems = [f"{key} is missing" for key in expected if key not in given]
    problems += [f"{key} is not part of the model" for key in given if key not in expected]
    problems += [
        f"{key} has shape {given[key]} instead of {expected[key]}"
        for key in expected
        if key in given and given[key] != expected[key]
    ]
    if problems:
        raise ValueError(
            f"{source} does not fit this {type(model).__name__}: {first_of(problems)}. Is it the "
            f"weights of another variant, or of another size?"
        )


def first_of(problems: Sequence[str], separator: str = "; ") -> str:
    """The first three of many problems, and how many more there are."""
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    return f"{separator.join(problems[:3])}{more}"
