"""Netron as a page: it opens the model, holds no cookies and connects to nobody else."""

import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from fluxlearn.export.netron import FILES, netron, write_page

pytest.importorskip("netron", reason="brings the viewer along")


@pytest.fixture
def model(tmp_path):
    """The smallest file that has a graph: y = Relu(x)."""
    onnx = pytest.importorskip("onnx", reason="makes a file to look at")
    x, y = (onnx.helper.make_tensor_value_info(name, 1, ["batch", 3]) for name in ("x", "y"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "small model.onnx")
    return tmp_path / "small model.onnx"


@pytest.fixture
def page(model, tmp_path):
    return write_page(model, tmp_path / "page")


def fetched(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def test_the_page_holds_the_viewer_the_model_and_the_licence(page, model):
    held = {path.name for path in page.parent.iterdir()}

    assert held == {*FILES, model.name, "cookies.js", "LICENSE"}
    assert "Permission is hereby granted" in (page.parent / "LICENSE").read_text()


def test_the_page_opens_the_model_and_connects_to_its_own_site_only(page):
    front = page.read_text()

    assert '<meta name="file" content="small%20model.onnx">' in front
    assert "connect-src 'self'" in front
    assert front.index("cookies.js") < front.index("index.js")


def test_the_page_does_not_expire(page):
    front = page.read_text()

    assert '<meta name="version" content="0.0.0">' in front  # no reports of its use
    assert 'name="date"' not in front  # no age, after which it asks to be updated


def test_every_script_that_a_script_needs_is_there(page):
    for script in page.parent.glob("*.js"):
        needed = re.findall(r"^import .* from '\./(.*)'", script.read_text(), re.MULTILINE)
        assert set(needed) <= set(FILES), script.name
    (start,) = re.findall(r"var modules = (.*?);", (page.parent / "index.js").read_text(), re.S)
    assert {f"{name}.js" for name in re.findall(r"\w+", start)} <= set(FILES)


def test_weights_beside_the_file_come_along(model, tmp_path):
    model.with_name(f"{model.name}.data").write_bytes(b"weights")

    page = write_page(model, tmp_path / "page")

    assert (page.parent / f"{model.name}.data").read_bytes() == b"weights"


def test_a_notebook_is_served_the_page_and_the_model_until_it_is_closed(model):
    view = netron(model, height=300)

    try:
        assert b"<title>Netron" in fetched(view.url)
        assert fetched(f"{view.url}small%20model.onnx?cb=1") == model.read_bytes()
        assert f'<iframe src="{view.url}"' in view._repr_html_()
        assert 'height="300"' in view._repr_html_()
    finally:
        view.close()
    with pytest.raises(OSError):
        fetched(view.url)


def test_nothing_but_viewer_and_model_is_served(model):
    (model.parent / "secret.txt").write_text("secret")
    view = netron(model)

    try:
        for path in ("secret.txt", "%2e%2e/secret.txt", "../secret.txt"):
            with pytest.raises(urllib.error.HTTPError):
                fetched(view.url + path)
    finally:
        view.close()


@pytest.mark.skipif(not shutil.which("chromium"), reason="looks at the page in a browser")
def test_a_browser_shows_the_graph_and_asks_nothing(model):
    view = netron(model)
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]

    try:
        patient = [*browser, "--virtual-time-budget=60000", view.url]
        seen = subprocess.run(patient, capture_output=True, text=True, timeout=300, check=True)
    finally:
        view.close()

    assert ">Relu<" in seen.stdout
    assert "This app uses cookies" not in seen.stdout
    assert "Please update" not in seen.stdout


@pytest.mark.parametrize("show", [netron, lambda path: write_page(path, "page")])
def test_what_is_no_onnx_file_is_refused(show, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FileNotFoundError, match="fluxlearn export onnx"):
        show("missing.onnx")
    with pytest.raises(ValueError, match="is no .onnx file"):
        show("weights.safetensors")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(model, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")

    with pytest.raises(FileExistsError, match="is not empty"):
        write_page(model, tmp_path / "full")

    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]


def test_netron_is_a_public_name():
    import fluxlearn

    assert fluxlearn.netron is netron
