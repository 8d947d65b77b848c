"""Netron, the viewer of network graphs, as a page without a server behind it.

    netron("flux.onnx")                     in a notebook: the graph, below the cell
    write_page("flux.onnx", "book/netron")  for a site: a folder with the viewer and the model

The viewer is the one that the `netron` package brings along. Its own server would add three things
that a course cannot use: it asks for consent to cookies, reports every view to its makers, and
refuses to work half a year after its release. The page here says that it is a development version,
which never does so, holds no cookies, and may connect to nothing but its own site.

Source: Lutz Roeder, Netron, github.com/lutzroeder/netron, MIT licence.
"""

import re
import shutil
import tempfile
import threading
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from fluxlearn.export.packages import need

# What the viewer loads to show an ONNX file. The package holds forty other formats.
FILES = (
    "index.html", "favicon.ico", "icon.png", "grapher.css",
    "index.js", "view.js", "browser.js", "base.js", "grapher.js", "dagre.js", "worker.js",
    "text.js", "json.js", "xml.js", "protobuf.js", "flatbuffers.js", "flexbuffers.js", "hdf5.js",
    "zip.js", "tar.js", "python.js", "onnx.js", "onnx-proto.js", "onnx-metadata.json",
)  # fmt: skip

# Runs before the viewer. With this answer the viewer asks for no consent; nothing is stored.
NO_COOKIES = """\
Object.defineProperty(document, 'cookie', { get: () => 'consent=none', set: () => {} });
"""

LICENCE = """\
The files of Netron in this folder are Copyright (c) Lutz Roeder, under the MIT License:

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class NetronView:
    """A page of Netron that is served until it is closed or Python ends. Shows itself in Jupyter.

    The address is on the machine where Python runs. Where the browser is on another, as with a
    remote Jupyter, write the page into a folder that can be seen from there: `write_page`.
    """

    def __init__(self, model: Path, height: int) -> None:
        """Start to serve; `netron` checks the file first."""
        self.model, self.height = model, height
        self._folder = tempfile.TemporaryDirectory(prefix="netron-")
        _write_viewer(Path(self._folder.name), model.name)
        handler = partial(_Handler, directory=self._folder.name, model=model)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    def _repr_html_(self) -> str:
        title = escape(f"The graph of {self.model.name} in Netron", quote=True)
        return (
            f'<iframe src="{self.url}" title="{title}" width="100%" height="{self.height}" '
            f'style="border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<{self.model.name} in Netron at {self.url}>"


def netron(path: str | Path, height: int = 600) -> NetronView:
    """Show an ONNX file in the notebook.

    height  of the frame, in pixels.

    Raises FileNotFoundError or ValueError for a file that is missing or no ONNX file.
    """
    need("netron")
    return NetronView(_onnx_file(path), height)


def write_page(path: str | Path, folder: str | Path) -> Path:
    """Write a folder with Netron and one ONNX file, and return its index.html.

    The page works from any web server, static sites included; opened as a file, browsers refuse to
    load its scripts. Raises FileNotFoundError or ValueError for a file that is missing or no ONNX
    file, FileExistsError for a folder that holds anything already.
    """
    need("netron")
    model, folder = _onnx_file(path), Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Remove it, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for file in _weights_and(model):
        shutil.copyfile(file, folder / file.name)
    _write_viewer(folder, model.name)
    return folder / "index.html"


def _onnx_file(path: str | Path) -> Path:
    path = Path(path).absolute()
    if path.suffix != ".onnx":
        raise ValueError(f"{path.name} is no .onnx file. Make one with fluxlearn export onnx.")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist. Make it with fluxlearn export onnx.")
    return path


def _weights_and(model: Path) -> list[Path]:
    data = model.with_name(f"{model.name}.data")
    return [model, data] if data.is_file() else [model]


def _write_viewer(folder: Path, model: str) -> None:
    """Put the viewer into a folder, with a front page that opens one model."""
    package = _package()
    missing = [name for name in FILES if not (package / name).is_file()]
    if missing:
        raise ValueError(
            f"this version of the netron package lacks {', '.join(missing)}. Install the version "
            f"that constraints.txt names."
        )
    for name in FILES:
        shutil.copyfile(package / name, folder / name)
    page = (package / "index.html").read_text("utf-8")
    (folder / "index.html").write_text(_front_page(page, model), "utf-8")
    (folder / "cookies.js").write_text(NO_COOKIES, "utf-8")
    (folder / "LICENSE").write_text(LICENCE, "utf-8")


def _package() -> Path:
    spec = find_spec("netron")
    return Path((spec and spec.origin) or "").parent


def _front_page(page: str, model: str) -> str:
    """Netron's index.html, made to open one file and to stay on its own site."""
    tags = [
        '<meta name="version" content="0.0.0">',
        f'<meta name="file" content="{escape(quote(model), quote=True)}">',
        f'<meta name="identifier" content="{escape(model, quote=True)}">',
        '<script src="cookies.js"></script>',
    ]
    page = page.replace("script-src 'self';", "script-src 'self'; connect-src 'self';")
    page = re.sub(r'<meta name="date"[^>]*>\n?', "", page)
    return re.sub(r'<meta name="version"[^>]*>', lambda _: "\n".join(tags), page)


class _Handler(SimpleHTTPRequestHandler):
    """The viewer's folder, and the model from where it lies."""

    # Windows may call a script plain text, which browsers refuse to run.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def __init__(self, *arguments: Any, model: Path, **options: Any) -> None:
        self.models = {file.name: str(file) for file in _weights_and(model)}
        super().__init__(*arguments, **options)

    def translate_path(self, path: str) -> str:
        name = unquote(urlsplit(path).path).lstrip("/")
        return self.models.get(name) or super().translate_path(path)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing in the notebook."""
