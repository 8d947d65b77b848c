"""Where in the source a value was made: the statement that gave it to the tap.

    q = tap(owner, "q", self.query_norm(q_raw))        fluxlearn/model/attention.py, line 70

The frame that called `tap` knows its file and line. The innermost statement of the syntax tree that
spans this line is the one to show, however many lines it has.
"""

import ast
import linecache
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from types import FrameType

from fluxlearn.show import PACKAGE


@dataclass(frozen=True)
class Source:
    """A statement, and where it stands. Prints as its place."""

    file: str  # "fluxlearn/model/attention.py"
    line: int  # of its first line, from 1
    text: str  # the whole statement; of an `if` or a loop only the head

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


def tapping_statement() -> Source:
    """The statement whose call of `tap` led here.

    Raises LookupError when none did.
    """
    frame: FrameType | None = sys._getframe()
    # Only code that calls it by name holds the name. What checks annotations puts frames of its
    # own between a function and its caller, so counting frames would not do.
    while frame is not None and "tap" not in frame.f_code.co_names:
        frame = frame.f_back
    if frame is None:
        raise LookupError("no tap led here. Functions that tap call it as tap(owner, name, value).")
    return statement_at(frame.f_code.co_filename, frame.f_lineno)


@cache
def statement_at(file: str, line: int) -> Source:
    """The innermost statement that spans a line of a file; the line alone if there is none."""
    lines = linecache.getlines(file)
    around = [node for node in _statements(file) if node.lineno <= line <= _end(node)]
    # Of statements that lie inside one another, the innermost begins last.
    node = max(around, key=lambda node: node.lineno, default=None)
    first, last = (node.lineno, _end_of_head(node)) if node else (line, line)
    text = dedent("".join(lines[first - 1 : last])).strip()
    return Source(_shown(file), first, text)


@cache
def _statements(file: str) -> tuple[ast.stmt, ...]:
    tree = ast.parse("".join(linecache.getlines(file)))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _end_of_head(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    return max(node.lineno, body[0].lineno - 1) if body else _end(node)


def _shown(file: str) -> str:
    path = Path(file)
    inside = path.is_relative_to(PACKAGE)
    return path.relative_to(PACKAGE.parent).as_posix() if inside else path.name
