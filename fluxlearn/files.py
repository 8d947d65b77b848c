"""Files that are whole or not there.

    with replacing(path) as partial:
        partial.write_bytes(data)

What is written goes to a hidden name beside the place and is renamed into it when it is complete.
So whoever opens the place finds the new file or the old one, and never a part of either; a writer
that fails or is stopped leaves the old one, and nothing beside it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place to write to, which becomes `path` if the block runs to its end.

    The name given has the ending of `path`, by which many writers choose a format. A folder may be
    written there as well; the one that was there before is then removed first, since folders cannot
    be exchanged in one step.

    Raises FileNotFoundError on entering when the folder around `path` does not exist.
    """
    check_place(path)
    partial = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield partial
        if partial.is_dir():
            _remove(path)
        partial.replace(path)
    finally:
        _remove(partial)


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file of these bytes, or of this text in UTF-8, whole or not at all.

    Raises FileNotFoundError when the folder does not exist.
    """
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def check_place(path: Path) -> None:
    """Raise FileNotFoundError when nothing can be written to `path`, for want of its folder."""
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path.parent} is not a folder, so {path.name} has no place. Make the folder first."
        )


def _remove(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
