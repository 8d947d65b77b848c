"""Some tensors of a file on the hub, without the rest of it.

    1. bytes 0 … 7 say how long the header is
    2. the header says where each tensor lies
    3. the wanted tensors are asked for by their bytes, neighbours together

What arrives is a safetensors file of its own. It grows under another name until it is whole, and a
call that is interrupted goes on from there. Each answer has to be exactly the range that was asked
for, of a file as long as announced; and bytes of two versions of a file are never joined, since its
ETag stands in the header that the new file begins with.

Source: RFC 9110, section 14, range requests.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tqdm import tqdm

from fluxlearn.checkpoints.checkpoint import read_header
from fluxlearn.checkpoints.header import Header, Stored, header_length, parse_header, write_header

CHUNK = 1 << 20  # bytes read at once
PATIENCE = 30.0  # seconds without a byte after which a connection counts as lost
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before each new attempt; a byte that comes resets them

Choose = Callable[[Header, str], list[str]]


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file on a server that gives out parts."""

    name: str  # what messages call it
    url: str
    size: int  # bytes
    etag: str  # another one means other bytes
    token: str | None = None  # the header that says who is asking

    def header(self) -> Header:
        """What the file holds, and where.

        Raises ValueError for a damaged header, ConnectionError when it does not come.
        """
        first = b"".join(self.read(0, min(8, self.size)))
        length = header_length(first, self.size, self.name)
        return parse_header(b"".join(self.read(8, 8 + length)), self.size, self.name)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from start to end; after a lost connection, on from where it broke off.

        Raises ConnectionError when no attempt brings any more, or the answer is another range.
        """
        failures = 0
        while start < end:
            try:
                with self._ask(start, end) as answer:
                    while start < end and (chunk := answer.read(min(CHUNK, end - start))):
                        start, failures = start + len(chunk), 0
                        yield chunk
                lost = "the connection was closed"
            except (OSError, HTTPException) as error:
                lost, final = (
                    str(error) or type(error).__name__,
                    isinstance(error, WrongAnswerError),
                )
                if isinstance(error, HTTPError):
                    final = error.code < 500
                    error.close()
                if final:
                    raise self._failed(lost) from None
            if start < end:
                if failures == len(PAUSES):
                    raise self._failed(lost)
                time.sleep(PAUSES[failures])
                failures += 1

    def _ask(self, start: int, end: int) -> HTTPResponse:
        request = Request(self.url, headers={"Accept-Encoding": "identity"})
        request.add_header("Range", f"bytes={start}-{end - 1}")
        if self.token:
            # Not to be sent along to where this server may redirect.
            request.add_unredirected_header("Authorization", self.token)
        answer = urlopen(request, timeout=PATIENCE)
        given, wanted = answer.headers["Content-Range"], f"bytes {start}-{end - 1}/{self.size}"
        if answer.status != 206 or given != wanted:
            answer.close()
            raise WrongAnswerError(f"it answered {answer.status} {given} instead of 206 {wanted}")
        return answer

    def _failed(self, why: str) -> ConnectionError:
        return ConnectionError(
            f"{self.name} does not come ({why}). What has come so far is kept: call again and the "
            f"download goes on, or load the whole model by leaving out depth."
        )


class WrongAnswerError(ConnectionError):
    """A server gave other bytes than were asked for; asking again would not help."""


def locate(repo: str, file: str, revision: str | None) -> Remote:
    """Ask the hub where a file is, and how long."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    told = get_hf_file_metadata(hf_hub_url(repo, file, revision=revision))
    url = urlsplit(told.location)
    if told.size is None or told.etag is None or url.scheme not in ("http", "https"):
        raise ConnectionError(
            f"{repo}/{file}: the hub does not say how long it is or where. Load the whole model by "
            f"leaving out depth."
        )
    # A storage server elsewhere is asked by a signed address and must not see the token.
    at_the_hub = url.netloc == urlsplit(constants.ENDPOINT).netloc
    token = build_hf_headers().get("authorization") if at_the_hub else None
    return Remote(
        name=f"{repo}/{file}", url=told.location, size=told.size, etag=told.etag, token=token
    )


def fetch_part(
    repo: str, file: str, label: str, choose: Choose, revision: str | None = None
) -> Path:
    """A file with the chosen tensors of one on the hub; fetched once, then kept.

    label   of the choice, a folder's name; the same choice always has the same.
    choose  the names of the wanted tensors, from the header and the file's name.

    Raises ConnectionError when they do not come, ValueError when the file is damaged, and the
    hub's own errors.
    """
    from huggingface_hub import cached_assets_path, constants
    from huggingface_hub.utils import WeakFileLock

    folder = cached_assets_path(
        "fluxlearn", repo, revision or "main", assets_dir=constants.HF_ASSETS_CACHE
    )
    target = folder / label / file
    try:
        remote = locate(repo, file, revision)
    except Exception:
        # Whatever is wrong with the hub, what is here already does not need it.
        if target.is_file():
            return target
        raise
    if _is_here(target, remote):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(target.with_name(f".{file}.lock")):
        # Another process may have fetched it while this one waited.
        if not _is_here(target, remote):
            _fetch(remote, target, choose)
    return target


def _is_here(target: Path, remote: Remote) -> bool:
    """Whether a file is the part of this very version."""
    return target.is_file() and read_header(target).metadata.get("etag") == remote.etag


def _fetch(remote: Remote, target: Path, choose: Choose) -> None:
    header = remote.header()
    chosen = set(choose(header, remote.name))
    tensors = {name: stored for name, stored in header.tensors.items() if name in chosen}
    sizes = {name: (stored.dtype, stored.shape) for name, stored in tensors.items()}
    begin = write_header(sizes, {"part_of": remote.name, "etag": remote.etag})
    total = len(begin) + sum(stored.end - stored.start for stored in tensors.values())

    partial = target.with_name(f".{target.name}.partial")
    have = _resumable(partial, begin, total)
    with partial.open("ab" if have else "wb") as out, _bar(remote, total, have) as bar:
        if not have:
            out.write(begin)
        for start, end in _missing(tensors, max(have - len(begin), 0)):
            for chunk in remote.read(start, end):
                out.write(chunk)
                bar.update(len(chunk))
    partial.replace(target)


def _resumable(partial: Path, begin: bytes, total: int) -> int:
    """How many bytes of an earlier attempt at the very same file are there."""
    if not partial.is_file() or not len(begin) <= partial.stat().st_size <= total:
        return 0
    with partial.open("rb") as file:
        return partial.stat().st_size if file.read(len(begin)) == begin else 0


def _missing(tensors: dict[str, Stored], have: int) -> Iterator[tuple[int, int]]:
    """The ranges of a file in which the tensors lie, without the first bytes of them."""
    ranges: list[tuple[int, int]] = []
    for stored in tensors.values():
        if ranges and ranges[-1][1] == stored.start:
            ranges[-1] = (ranges[-1][0], stored.end)
        else:
            ranges.append((stored.start, stored.end))
    for start, end in ranges:
        skipped = min(have, end - start)
        have -= skipped
        if start + skipped < end:
            yield start + skipped, end


def _bar(remote: Remote, total: int, have: int) -> tqdm:
    return tqdm(
        desc=remote.name, total=total, initial=have, unit="B", unit_scale=True, disable=None
    )
