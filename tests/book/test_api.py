"""The API reference holds every module once, and every docstring can be read by Sphinx."""

import ast
import io
import re

import api
import pytest
from docstrings import citations_of, restructured
from source import ROOT, python_files

import fluxlearn

TOC = (ROOT / "book/_toc.yml").read_text("utf-8")


def test_every_module_is_on_a_page():
    homeless = [module for module in api.modules() if api.page_of(module) is None]

    assert not homeless, "Add them to PAGES of book/api.py."


def test_every_home_of_a_page_exists():
    known = api.modules()
    for page in api.PAGES.values():
        for home in page.homes:
            assert any(m == home or m.startswith(f"{home}/") for m in known), home


def test_the_home_of_every_public_name_is_on_a_page():
    for name in fluxlearn.__all__:
        home = fluxlearn._HOMES.get(name, f"fluxlearn.{name}")
        assert api.page_of(home.removeprefix("fluxlearn.").replace(".", "/")), name


def test_every_page_is_in_the_table_of_contents(tmp_path):
    api.main(tmp_path / "api")

    written = {f"api/{path.stem}" for path in (tmp_path / "api").iterdir()}

    assert written == {line.split()[-1] for line in TOC.splitlines() if "file: api/" in line}


def test_a_page_names_its_modules_with_their_files():
    text = api.text_of(api.PAGES["network"], api.modules_of("network"))

    assert text.startswith("The network\n===========\n")
    assert "model/rope.py\n-------------\n\n.. automodule:: fluxlearn.model.rope" in text
    assert text.index("fluxlearn.model.flux") < text.index("fluxlearn.config")


def test_a_docstring_keeps_its_equations_and_lists_its_arguments():
    told = restructured(
        "Bend `times`.\n\n    t' = e^u\n\nmu   u above,\n     *no* unit.\nt    in [0, 1].", {}
    )

    assert told.startswith("Bend \\ ``times``\\ .\n\n.. code-block:: text\n\n   t' = e^u")
    assert told.endswith("``mu``\n   u above,\n   \\*no\\* unit.\n``t``\n   in [0, 1].")


def test_a_paper_that_a_docstring_names_leads_to_its_entry():
    told = restructured("Source: arXiv:2104.09864.", {"2104.09864": "su2021roformer"})

    assert told == "Source: arXiv:2104.09864 :cite:`su2021roformer`."


def test_every_docstring_is_read_without_a_warning():
    core = pytest.importorskip("docutils.core", reason="what Sphinx reads docstrings with")
    settings = {"report_level": 1, "syntax_highlight": "none"}
    for source in python_files("fluxlearn"):
        for node in (source.tree, *(node for _, node in source.public)):
            told, warnings = restructured(ast.get_docstring(node) or "", {}), io.StringIO()
            core.publish_doctree(told, settings_overrides=settings | {"warning_stream": warnings})
            assert not warnings.getvalue(), f"{source.path}: {warnings.getvalue()}"


def test_every_paper_that_the_package_names_is_in_the_bibliography():
    entries = citations_of((ROOT / "book/references.bib").read_text("utf-8"))
    named = {
        n for s in python_files("fluxlearn") for n in re.findall(r"arXiv:(\d{4}\.\d{5})", s.text)
    }

    assert named, "the pattern finds what it should"
    assert named <= entries.keys(), "Add them to book/references.bib."
