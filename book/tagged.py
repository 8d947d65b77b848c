"""Equations and the lines of code that compute them, both ways.

A point has an equation; the statement that calls `tap` with its name computes the value. Which
statement that is cannot be read off the source alone, since a point's full name holds the path of
the module that taps. So small pictures are painted, and every tap says where it was called.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.solvers import SOLVERS
from fluxlearn.show import PACKAGE
from fluxlearn.trace.source import Source, statement_at, tapping_statement
from fluxlearn.trace.tap import handling

PROMPT = "a large red circle"


def without_index(name: str) -> str:
    """A point's name with a star for the number of its block: `double.*.img.q`."""
    words = name.split(".")
    if words[0] in ("double", "single"):
        words[1] = "*"
    return ".".join(words)


def anchor_of(name: str) -> str:
    """Where a point's row is on its page; a star is no part of an address."""
    return f"point-{name.replace('*', 'n').replace('.', '-').replace('_', '-')}"


def tagged(pipe: Pipeline) -> dict[str, list[Source]]:
    """The statements that make each point's value, in order of execution, by its name.

    pipe  must have every part, and take guidance as an input: `toy-dev` does.
    """
    found: dict[str, list[Source]] = {}

    def see(owner: Any, name: str, value: Any) -> Any:
        source = tapping_statement()
        sources = found.setdefault(without_index(name), [])
        if source not in sources:
            sources.append(source)
        return value

    with handling(see):
        for solver in SOLVERS:
            picture = pipe.paint(PROMPT, steps=2, solver=solver)
        pipe.autoencoder.encode(picture.pixels)
    return found


def taps() -> Iterator[Source]:
    """Every statement of the package that calls `tap`, read from the source."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(PACKAGE / "trace"):
            continue
        for line in _lines_with_taps(path):
            yield statement_at(str(path), line)


def _lines_with_taps(path: Path) -> list[int]:
    calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
    named = (n.lineno for n in calls if isinstance(n.func, ast.Name) and n.func.id == "tap")
    return sorted(set(named))
