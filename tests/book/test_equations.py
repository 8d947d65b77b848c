"""Equations lead to the lines that compute them, and those lines lead back."""

import ast
import re

import pytest
import tables
from source import python_files
from source_links import linked
from tagged import anchor_of, tagged, taps, without_index

from fluxlearn.catalogue import points
from fluxlearn.load import load

CATALOGUE = {without_index(point.name): point for point in points()}


@pytest.fixture(scope="module")
def sources():
    """What `make book` finds out: the statements behind every point."""
    return tagged(load("toy-dev"))


def test_every_equation_leads_to_a_line_that_taps(sources):
    assert sources.keys() == CATALOGUE.keys()

    for name, statements in sources.items():
        assert all("tap(" in statement.text for statement in statements), name


def test_every_line_that_taps_leads_to_an_equation(sources):
    ran = {str(statement) for statements in sources.values() for statement in statements}

    assert ran == {str(statement) for statement in taps()}


def test_a_line_leads_to_the_row_of_its_point(sources):
    page = "\n".join(tables.stages(CATALOGUE, sources))
    rows = re.findall(r'id="(point-[\w-]+)"', page)
    tags = tables.tags(sources)
    body = "\n".join(f'<span class="linenos"> {n}</span>x' for n in range(1, 200))

    back = linked(body, {str(n): t for n, t in tags["fluxlearn/model/flux.py"].items()}, "../")

    assert len(rows) == len(set(rows)) == len(CATALOGUE)
    assert set(re.findall(r"points.html#([\w-]+)", back)) <= set(rows)
    assert f'href="../points.html#{anchor_of("embed.txt")}"' in back


def test_an_equation_leads_to_an_address_on_its_page(sources):
    page = "\n".join(tables.stages(CATALOGUE, sources))
    line = sources["embed.txt"][0].line

    assert f'href="_modules/fluxlearn/model/flux.html#line-{line}"' in page
    assert f'id="line-{line}"' in linked(f'<span class="linenos"> {line}</span>x', {}, "")


def test_a_numbered_equation_that_a_docstring_names_stands_in_its_module():
    for source in python_files("fluxlearn"):
        numbered = set(re.findall(r"^ +\((\d+)\) ", source.text, flags=re.MULTILINE))
        docstrings = [ast.get_docstring(node) or "" for _, node in source.functions]
        for told in docstrings:
            named = set(re.findall(r"\bequations? \((\d+)\)", told))
            assert named <= numbered, f"{source.path}: {named - numbered}"
