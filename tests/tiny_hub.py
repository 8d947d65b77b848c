"""A hub on this machine: one repository, its files, and the mishaps that are asked for."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

REPO = "someone/FLUX.1-tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
API = "/".join(["", "api", "models", REPO])


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
        self.version = "one"
        self.asked: list[Asked] = []
        self.drops: list[int] = []  # for each of the next answers, bytes after which it breaks off
        self.refusal: tuple[int, str] | None = None  # status and X-Error-Code for every request
        self.knows_ranges = True
        self.misstated = 0  # added to the file's length in Content-Range
        self.storage = ""  # where files are redirected to, if they are
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.hub = self
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


class Answer(BaseHTTPRequestHandler):
    """One request to the hub, answered as huggingface_hub expects it."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub, path = self.server.hub, self.path.split("?")[0]
        if hub.refusal:
            self.refuse(*hub.refusal)
        elif path == f"{API}/revision/main":
            self.say({"id": REPO, "sha": COMMIT})
        elif path.startswith(f"{API}/revision/"):
            self.refuse(404, "RevisionNotFound")
        elif path.startswith(f"{API}/tree/{COMMIT}"):
            self.say([self.listed(name) for name in hub.files])
        elif path.startswith(f"/{REPO}/resolve/"):
            self.resolve(hub, path)
        else:
            self.refuse(404, "RepoNotFound")

    def resolve(self, hub, path):
        revision, _, name = path.removeprefix(f"/{REPO}/resolve/").partition("/")
        if revision not in ("main", COMMIT):
            self.refuse(404, "RevisionNotFound")
        elif name not in hub.files:
            self.refuse(404, "EntryNotFound")
        elif hub.storage and "storage" not in self.path:
            self.start(302, {"Location": f"{hub.storage}{path}?storage"}, 0)
        else:
            self.give(hub, path, hub.files[name])

    def give(self, hub, path, content):
        asked, size = self.headers["Range"], len(content)
        if asked and hub.knows_ranges:
            start, end = (int(n or size - 1) for n in asked.split("=")[1].split("-"))
            content = content[start : end + 1]
            told = f"bytes {start}-{end}/{size + hub.misstated}"
            self.start(206, {"Content-Range": told}, len(content))
        else:
            self.start(200, {}, size)
        if self.command == "GET":
            content = content[: hub.drops.pop(0)] if hub.drops else content
            token = self.headers["Authorization"]
            hub.asked.append(Asked(path, asked, len(content), token))
            self.wfile.write(content)

    def listed(self, name):
        size = len(self.server.hub.files[name])
        return {"type": "file", "path": name, "size": size, "oid": "0" * 40}

    def say(self, value):
        text = json.dumps(value).encode()
        self.start(200, {"Content-Type": "application/json"}, len(text))
        self.wfile.write(text)

    def refuse(self, status, code):
        self.start(status, {"X-Error-Code": code}, 0)

    def start(self, status, headers, length):
        hub = self.server.hub
        name = self.path.split("?")[0].rpartition("/")[2]
        # The cache of huggingface_hub takes files of one ETag for one file.
        etag = f'"{hub.version}-{name}"'
        known = {"X-Repo-Commit": COMMIT, "ETag": etag, "X-Linked-Etag": etag}
        if name in hub.files:
            known["X-Linked-Size"] = str(len(hub.files[name]))
        self.send_response(status)
        for key, value in ({"Content-Length": str(length)} | known | headers).items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *_):
        pass
