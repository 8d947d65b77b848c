"""Source files as data: what the house rules read."""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One text file of the repository."""

    path: str  # from the root, with forward slashes
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def layer(self) -> str:
        """The folder or file directly under fluxlearn: `model` for fluxlearn/model/rope.py."""
        return self.path.removeprefix("fluxlearn/").split("/")[0].removesuffix(".py")

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """Line number and text of every comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]

    @cached_property
    def functions(self) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Qualified name and node of every function, methods and inner functions included."""
        return [(name, node) for name, node in walk(self.tree) if isinstance(node, FUNCTION)]

    @cached_property
    def public(self) -> list[tuple[str, ast.AST]]:
        """Qualified name and node of what other files may use: functions, classes, methods."""
        named = [(name, node, name.split(".")) for name, node in walk(self.tree)]
        inner = {f"{name}." for name, _ in self.functions}
        return [
            (name, node)
            for name, node, parts in named
            if not any(part.startswith("_") for part in parts)
            and not any(name.startswith(outer) for outer in inner)
        ]


def walk(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every class and function below a node, with its qualified name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTION, ast.ClassDef)):
            yield prefix + child.name, child
            yield from walk(child, f"{prefix}{child.name}.")
        else:
            yield from walk(child, prefix)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, from `def` to its end, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return lines
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def called(node: ast.Call) -> str:
    """What a call calls, as written: `torch.load`, `pytest.mark.skipif`."""
    return ast.unparse(node.func)


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, wherever it stands: `fluxlearn.model.rope.rotate`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                package = source.path.split("/")[: -node.level]
                module = ".".join([*package, *([module] if module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def python_files(*folders: str) -> list[Source]:
    """Every Python file below these folders."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def tracked_files(*suffixes: str) -> list[Source]:
    """Every file with one of these endings that git tracks or would offer to add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    paths = sorted(ROOT / line for line in listed.stdout.splitlines() if line.endswith(suffixes))
    return [
        Source(p.relative_to(ROOT).as_posix(), p.read_text("utf-8")) for p in paths if p.exists()
    ]
