"""Docstrings as they are written here, for Sphinx, which expects reStructuredText.

A docstring has four kinds of blocks, told apart by how they are indented:

    text              a paragraph; `code` stands in single backticks
        equations     indented: shown as they stand
    t    in [0, 1]    a word, two spaces or more, what it is: an entry of a list
    - a list
"""

import re
from inspect import isroutine
from textwrap import dedent, indent
from typing import Any

ROW = re.compile(r"(\S+(?:, \S+)*) {2,}(\S.*)")


def restructured(docstring: str, citations: dict[str, str]) -> str:
    """A docstring as reStructuredText.

    citations  names of entries of the bibliography by arXiv number.
    """
    blocks = re.split(r"\n\s*\n", docstring.strip("\n").rstrip())
    return "\n\n".join(_block(block, citations) for block in blocks if block.strip())


def _block(block: str, citations: dict[str, str]) -> str:
    lines = block.splitlines()
    if all(line.startswith("  ") for line in lines):
        return _literal(lines)
    if ROW.fullmatch(lines[0]) and not lines[0].startswith("- "):
        return _rows(lines, citations)
    if any(line.startswith("  ") for line in lines) and not lines[0].startswith("- "):
        return _literal(lines)
    return "\n".join(_inline(line, citations) for line in lines)


def _literal(lines: list[str]) -> str:
    text = indent(dedent("\n".join(lines)), "   ")
    return f".. code-block:: text\n\n{text}"


def _rows(lines: list[str], citations: dict[str, str]) -> str:
    told: list[str] = []
    for line in lines:
        row = ROW.fullmatch(line)
        if row:
            told += [f"``{row[1]}``", f"   {_inline(row[2], citations)}"]
        else:
            told.append(f"   {_inline(line.strip(), citations)}")
    return "\n".join(told)


def _inline(text: str, citations: dict[str, str]) -> str:
    """Text with its marks escaped, except for code, and with papers that lead to their entries."""
    pieces = re.split(r"(`[^`]+`)", text)
    told = "".join(
        rf"\ `{piece}`\ " if piece.startswith("`") else re.sub(r"([\\*_|`])", r"\\\1", piece)
        for piece in pieces
    )
    for number in re.findall(r"arXiv:(\d{4}\.\d{5})", text):
        if number in citations:
            told = told.replace(number, f"{number} :cite:`{citations[number]}`")
    return told.removeprefix(r"\ ")


def citations_of(bibliography: str) -> dict[str, str]:
    """The names of a BibTeX file's entries, by arXiv number."""
    entries = re.findall(r"@\w+\{(\w+),.*?eprint = \{(.*?)\}", bibliography, flags=re.DOTALL)
    return {number: name for name, number in entries}


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    citations: dict[str, str] = {}

    def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
        if not citations:
            citations.update(citations_of((app.srcdir / "references.bib").read_text("utf-8")))
        lines[:] = [*restructured("\n".join(lines), citations).splitlines(), ""]

    def skip(
        app: Any, what: str, name: str, thing: Any, skipped: bool, options: Any
    ) -> bool | None:
        if name == "forward":  # a block's docstring is its computation, so its forward has none
            return False
        inherited = isroutine(thing) and not str(getattr(thing, "__module__", "")).startswith(
            "fluxlearn"
        )
        tuple_field = str(getattr(thing, "__doc__", "")).startswith("Alias for field number")
        return True if inherited or tuple_field else None

    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}
