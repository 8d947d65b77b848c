"""Every axis word in annotations and einops patterns."""

import ast
import re
from collections.abc import Iterator

from source import Source, called

# Where each einops function takes its pattern.
PATTERN_AT = {
    "rearrange": 1,
    "repeat": 1,
    "reduce": 1,
    "pack": 1,
    "parse_shape": 1,
    "unpack": 2,
    "einsum": -1,
    "Rearrange": 0,
    "Reduce": 0,
}


def axis_words(source: Source) -> Iterator[tuple[int, str]]:
    """Line and word of every axis; `?` stands for a shape that is not written out."""
    for line, text in shapes(source):
        for word in ["?"] if text is None else re.findall(r"\w+", text):
            # Digits are sizes, and a leading underscore marks an axis without a name.
            if not word.isdigit() and not word.startswith("_"):
                yield line, word


def shapes(source: Source) -> Iterator[tuple[int, str | None]]:
    """Line and text of every jaxtyping shape and einops pattern; None where it is computed."""
    jaxtyping = names_from(source, "jaxtyping")
    einops = names_from(source, "einops") & PATTERN_AT.keys()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in jaxtyping:
            shape = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
            yield node.lineno, literal(source, shape)
        elif isinstance(node, ast.Call) and called(node) in einops:
            yield node.lineno, literal(source, node.args[PATTERN_AT[called(node)]])


def names_from(source: Source, package: str) -> set[str]:
    """The names that a file imports from a package or its parts."""
    return {
        alias.asname or alias.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package
        for alias in node.names
    }


def literal(source: Source, node: ast.expr) -> str | None:
    """The text of a string literal, or of all literals that the file gives to a name."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    given = [
        str(assigned.value.value)
        for assigned in ast.walk(source.tree)
        if isinstance(assigned, ast.Assign)
        and ast.unparse(assigned.targets[0]) == ast.unparse(node)
        and isinstance(assigned.value, ast.Constant)
    ]
    return " ".join(given) if given else None
