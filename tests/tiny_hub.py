"""A hub on this machine: one repository, its files, and the mishaps that are asked for."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

REPO = "someone/FLUX.1-tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Asked(NamedTuple):
    """One request for a file's bytes, and how many were sent."""

    path: str
    range: str | None
    sent: int
    token: str | None


class TinyHub:
    """The hub; mishaps are attributes that a test sets."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.etag = '"one"'
        self.asked: list[Asked] = []
        self.drops: list[int] = []  # for each of the next answers, bytes after which it breaks off
        self.refusal: tuple[int, str] | None = None  # status and X-Error-Code for every request
        self.knows_ranges = True
        self.misstated = 0  # added to the file's length in Content-Range
        self.storage = ""  # where files are redirected to, if they are
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def sent(self) -> int:
        """Bytes of files that were sent."""
        return sum(asked.sent for asked in self.asked)

    def _handler(hub):  # noqa: N805, the class below has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.answer(body=False)

            def do_GET(self):
                self.answer(body=True)

            def answer(self, body):
                path = self.path.split("?")[0]
                if hub.refusal:
                    self.refuse(*hub.refusal)
                elif path == f"/api/models/{REPO}/revision/main":
                    self.say({"id": REPO, "sha": COMMIT})
                elif path.startswith(f"/api/models/{REPO}/tree/{COMMIT}"):
                    files = [
                        {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                        for name, content in hub.files.items()
                    ]
                    self.say(files)
                elif path.startswith(f"/{REPO}/resolve/"):
                    revision, _, name = path.removeprefix(f"/{REPO}/resolve/").partition("/")
                    if revision not in ("main", COMMIT):
                        self.refuse(404, "RevisionNotFound")
                    elif name not in hub.files:
                        self.refuse(404, "EntryNotFound")
                    elif hub.storage and "storage" not in self.path:
                        self.redirect(f"{hub.storage}{path}?storage", len(hub.files[name]))
                    else:
                        self.give(path, hub.files[name], body)
                else:
                    self.refuse(404, "RepoNotFound")

            def refuse(self, status, code):
                self.send_response(status)
                self.send_header("X-Error-Code", code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def say(self, value):
                text = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def redirect(self, location, size):
                self.send_response(302)
                self.send_header("Location", location)
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("X-Linked-Etag", hub.etag)
                self.send_header("X-Linked-Size", str(size))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def give(self, path, content, body):
                asked, size = self.headers["Range"], len(content)
                if asked and hub.knows_ranges:
                    start, end = (int(n or size - 1) for n in asked.split("=")[1].split("-"))
                    content = content[start : end + 1]
                    self.send_response(206)
                    total = size + hub.misstated
                    self.send_header("Content-Range", f"bytes {start}-{end}/{total}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", hub.etag)
                self.end_headers()
                if body:
                    content = content[: hub.drops.pop(0)] if hub.drops else content
                    token = self.headers["Authorization"]
                    hub.asked.append(Asked(path, asked, len(content), token))
                    self.wfile.write(content)

        return Handler
