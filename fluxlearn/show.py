"""Source code on a notebook's page: what is shown is what runs, so the two cannot drift apart."""

import inspect
from pathlib import Path
from textwrap import dedent
from typing import Any

PACKAGE = Path(__file__).parent


class Listing(str):
    """Source code that prints as it is, and with colours in Jupyter."""

    where: str  # "fluxlearn/model/rope.py, line 20"

    def __repr__(self) -> str:
        return f"# {self.where}\n{self}"

    def _repr_markdown_(self) -> str:
        return f"`{self.where}`\n\n```python\n{self}\n```"


def show(thing: Any) -> Listing:
    """The source of a function, method, class or module of fluxlearn, with its file and line.

    thing  the object itself, not its name: `show(pipe.flux.velocity)`, `show(Modulation)`.

    Raises TypeError for anything else; an object of a class is none of these.
    """
    thing = inspect.unwrap(thing) if callable(thing) else thing
    try:
        file = Path(inspect.getsourcefile(thing) or "")
        lines, first = inspect.getsourcelines(thing)
    except (TypeError, OSError):
        raise TypeError(_refusal(thing)) from None
    if not file.is_relative_to(PACKAGE):
        raise TypeError(_refusal(thing))
    listing = Listing(dedent("".join(lines)).rstrip())
    listing.where = f"{file.relative_to(PACKAGE.parent).as_posix()}, line {max(1, first)}"
    return listing


def _refusal(thing: Any) -> str:
    kind = type(thing)
    hint = (
        f" Did you mean show({kind.__name__})?" if kind.__module__.startswith("fluxlearn") else ""
    )
    return (
        f"show takes a function, class or module of fluxlearn, but was given "
        f"{getattr(thing, '__name__', None) or f'an object of {kind.__name__}'}.{hint}"
    )
