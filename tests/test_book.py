"""The book's page with the graph: whole, small, and at home on its own site."""

import re
import runpy

import pytest
from source import ROOT

from fluxlearn.export.netron import FILES

PAGE = (ROOT / "book/graph.md").read_text("utf-8")
SCRIPT = runpy.run_path(str(ROOT / "book/graph.py"))
MEGABYTE = 10**6

exporting = pytest.mark.compile


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `make book` puts beside the pages, written over an older one."""
    folder = tmp_path_factory.mktemp("site") / "netron"
    folder.mkdir()
    (folder / "of-an-older-version.js").touch()
    SCRIPT["main"](folder)
    return folder


def test_the_page_shows_what_the_script_writes_and_the_site_holds_it():
    assert SCRIPT["FOLDER"] == ROOT / "book/_extra/netron"
    assert "html_extra_path: [_extra]" in (ROOT / "book/_config.yml").read_text("utf-8")
    assert "book/graph.py" in (ROOT / "Makefile").read_text("utf-8")
    assert re.findall(r'(?:src|href)="(.*?)"', PAGE) == ["netron/index.html"] * 2
    assert '<iframe src="netron/index.html" title="The graph of' in PAGE


@exporting
def test_the_folder_holds_the_viewer_and_a_small_model(folder):
    held = {path.name: path.stat().st_size for path in folder.iterdir()}

    assert held.keys() == {*FILES, "flux.onnx", "cookies.js", "LICENSE"}
    assert all(held.values()), "no file is empty"
    assert held["flux.onnx"] < 3 * MEGABYTE


@exporting
def test_the_page_loads_nothing_from_outside(folder):
    front = (folder / "index.html").read_text("utf-8")
    styles = front + (folder / "grapher.css").read_text("utf-8")
    loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(.*?)"', front)
    loaded += re.findall(r'url\("?([^#"][^")]*)', styles)

    assert "index.js" in loaded
    assert all((folder / name).is_file() for name in loaded), loaded
    assert "script-src 'self'; connect-src 'self'" in front


@exporting
def test_every_point_that_the_page_names_is_in_the_graph(folder):
    onnx = pytest.importorskip("onnx", reason="reads the model")
    graph = onnx.load(folder / "flux.onnx").graph

    named = re.findall(r"`((?:double|single)\.[\w.]+)`", PAGE)

    assert named
    assert set(named) <= {value for node in graph.node for value in node.output}
