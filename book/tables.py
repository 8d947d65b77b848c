"""Write the tables that pages of the book include: every symbol, point, axis and public name.

    python book/tables.py                   what `make book` calls before it builds

Nothing in them is typed from memory: shapes and equations are the points', names of weights those
that checkpoints and LoRA files are converted with, sizes FLUX.1-dev's, lines those that ran.
"""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch
from symbols import NUMBERS, VALUES, WEIGHTS
from tagged import anchor_of, tagged, without_index

import fluxlearn
from fluxlearn.catalogue import points
from fluxlearn.checkpoints.names import DOUBLE, GUIDANCE, OUTSIDE, SINGLE, Row
from fluxlearn.config import PRESETS
from fluxlearn.files import write_whole
from fluxlearn.load import load
from fluxlearn.lora.formats import FORMATS
from fluxlearn.model.flux import Flux
from fluxlearn.shapes import AXES
from fluxlearn.show import PACKAGE
from fluxlearn.trace.point import Point
from fluxlearn.trace.source import Source

BOOK = Path(__file__).parent
FOLDER = BOOK / "tables"

NAMES = ("symbol", "ours", "BFL", "diffusers", "kohya", "shape", "equation", "chapter")
# How the names of points begin, under which heading of the page they stand.
STAGES = {
    "Text": ("text.",),
    "What goes in": ("in.", "embed.", "pe", "vec"),
    "A double block": ("double.",),
    "A single block": ("stream", "single."),
    "The last layer": ("final.", "out."),
    "A step of the solver": ("step.",),
    "The autoencoder": ("encoder.", "ae.", "decoder."),
}


def main(folder: Path = FOLDER) -> None:
    """Write the tables anew."""
    folder.mkdir(exist_ok=True)
    catalogue = {without_index(point.name): point for point in points()}
    write_whole(folder / "values.md", table(NAMES, values(catalogue)))
    write_whole(folder / "weights.md", table(NAMES, weights(catalogue)))
    write_whole(folder / "axes.md", table(("axis", "counts", "in FLUX.1"), axes()))
    write_whole(folder / "names.md", table(("name", "what it is"), public_names()))
    sources = tagged(load("toy-dev"))
    write_whole(folder / "points.md", "\n".join(stages(catalogue, sources)))
    write_whole(folder / "tags.json", json.dumps(tags(sources), indent=1))


def values(catalogue: dict[str, Point]) -> Iterator[tuple[str, ...]]:
    """A row for each value and number that has names elsewhere."""
    for value in VALUES:
        point = catalogue[value.point]
        names = map(code, (value.bfl, value.diffusers, value.kohya))
        said = shape(point.shape), code(point.equation)
        yield value.symbol, link(value.point), *names, *said, chapter(value.chapter)
    for number in NUMBERS:
        names = map(code, (number.bfl, number.diffusers, number.kohya))
        said = "a number", code(number.equation), chapter(number.chapter)
        yield number.symbol, f"{{py:obj}}`{number.ours}`", *names, *said


def weights(catalogue: dict[str, Point]) -> Iterator[tuple[str, ...]]:
    """A row for each layer, with kohya's name of the LoRA that changes it."""
    sizes = layer_sizes()
    makes = {weight.layer: weight for weight in WEIGHTS}
    for row in named_layers():
        weight = makes[row.bfl]
        elsewhere = "<br>".join(map(code, row.diffusers.split()))
        equation = f"{code(catalogue[weight.point].equation)} in {link(weight.point)}"
        symbol = "scale" if row.how == "scale" else "W, b"
        names = code(row.bfl), code(row.bfl), elsewhere, kohya(row)
        yield symbol, *names, sizes[row.bfl], equation, chapter(weight.chapter)


def axes() -> Iterator[tuple[str, ...]]:
    """A row for each word of a shape."""
    for word, axis in AXES.items():
        yield code(word), axis.meaning, f"{axis.flux:,}".replace(",", " ") if axis.flux else ""


def stages(catalogue: dict[str, Point], sources: dict[str, list[Source]]) -> Iterator[str]:
    """The page of points, a section for each stage of a painting."""
    heading = ("point", "shape", "equation", "meaning", "look for", "source")
    for title, beginnings in STAGES.items():
        chosen = [name for name in catalogue if name.startswith(beginnings)]
        rows = (point_row(name, catalogue[name], sources[name]) for name in chosen)
        yield f"## {title}\n\n{table(heading, rows)}"


def point_row(name: str, point: Point, sources: list[Source]) -> tuple[str, ...]:
    """What a point is, and links to the lines that make it."""
    lines = "<br>".join(
        f'<a class="tag" href="{page_of(source)}#line-{source.line}">{source}</a>'
        for source in sources
    )
    anchor = f'<span id="{anchor_of(name)}">{code(name)}</span>'
    said = code(point.equation), point.meaning, point.look
    return anchor, shape(point.shape) or "a value", *said, lines


def page_of(source: Source) -> str:
    """The page of the book that shows a file of the package."""
    return f"_modules/{source.file.removesuffix('.py')}.html"


def tags(sources: dict[str, list[Source]]) -> dict[str, dict[int, list[str]]]:
    """The points that each line makes, by file and line; `source_links.py` sets them beside it."""
    found: dict[str, dict[int, list[str]]] = {}
    for name, statements in sources.items():
        for source in statements:
            found.setdefault(source.file, {}).setdefault(source.line, []).append(name)
    return found


def public_names() -> Iterator[tuple[str, ...]]:
    """A row for each name of the package itself, in reading order, with its first sentence."""
    for name in ("setup", "load", "load_redux", *fluxlearn._HOMES, "show"):
        home = fluxlearn._HOMES.get(name, f"fluxlearn.{name}")
        package = PACKAGE.parent / home.replace(".", "/") / "__init__.py"
        if package.is_file():  # a name for a whole folder
            told = ast.get_docstring(ast.parse(package.read_text("utf-8"))) or ""
            yield f"{{py:mod}}`fl.{name} <{home}>`", first_sentence(told)
        else:
            yield f"{{py:obj}}`fl.{name} <{home}.{name}>`", summary(home, name)


def summary(module: str, name: str) -> str:
    """The first sentence about a name, read off the module that defines it."""
    path = PACKAGE.parent / f"{module.replace('.', '/')}.py"
    for node, following in pairwise([*ast.parse(path.read_text("utf-8")).body, ast.Pass()]):
        if getattr(node, "name", "") == name:
            return first_sentence(ast.get_docstring(node) or "")
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if name in (getattr(target, "id", "") for target in targets):
            return first_sentence(ast.literal_eval(following.value))
    raise LookupError(f"{module} defines no {name}. Correct its home in fluxlearn/__init__.py.")


def first_sentence(text: str) -> str:
    """The text up to its first full stop or colon at the end of a line or word."""
    return re.split(r"(?<=\.)\s|\n\n|:\n", text.strip())[0].replace("\n", " ")


def named_layers() -> list[Row]:
    """Every layer of the transformer, with a star for the number of its block."""
    inside = (
        (DOUBLE, "double_blocks.*.", "transformer_blocks.*."),
        (SINGLE, "single_blocks.*.", "single_transformer_blocks.*."),
    )
    return [*OUTSIDE, *GUIDANCE] + [
        row._replace(
            bfl=ours + row.bfl, diffusers=" ".join(theirs + name for name in row.diffusers.split())
        )
        for rows, ours, theirs in inside
        for row in rows
    ]


def layer_sizes() -> dict[str, str]:
    """The shape of each layer's weight in FLUX.1-dev."""
    with torch.device("meta"):
        flux = Flux(replace(PRESETS["flux-dev"], depth=1, depth_single_blocks=1))
    parameters = {
        name.replace("blocks.0.", "blocks.*."): list(parameter.shape)
        for name, parameter in flux.named_parameters()
        if not name.endswith(".bias")
    }
    return {name.rpartition(".")[0]: str(size) for name, size in parameters.items()}


def kohya(row: Row) -> str:
    """The key of a layer's LoRA in a file of kohya's; norm scales have none."""
    if row.how == "scale":
        return ""
    form = FORMATS["kohya"]
    return code(form.prefix + row.bfl.replace(".", form.dot))


def chapter(number: str) -> str:
    """A link to a chapter, if it is written."""
    for path in sorted((BOOK / "notebooks").glob(f"{number}_*.ipynb")):
        return f"[{number}](notebooks/{path.stem})"
    return number


def table(heading: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as a Markdown table."""
    heading = tuple(heading)
    lines = [heading, ("---",) * len(heading), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def link(name: str) -> str:
    """A point's name, which leads to its row."""
    return f'<a href="points.html#{anchor_of(name)}">{code(name)}</a>'


def shape(words: str) -> str:
    """A shape in words."""
    return f"[{', '.join(words.split())}]" if words else ""


def code(text: str) -> str:
    """A name or formula as HTML; Markdown in a cell of a table would read its stars."""
    marks = {ord(mark): f"&#{ord(mark)};" for mark in "&<>*_|"}
    return f"<code>{text.translate(marks)}</code>" if text else ""


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
