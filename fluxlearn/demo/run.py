"""The demo: paint a prompt with toy-dev, look inside, and leave pictures and a page.

picture.png      the picture, enlarged                 modulation.png   over depth and time
storyboard.png   what the model expected to paint      residuals.png    both streams by depth
schedule.png     when it was asked                     stages.png       where the time went
index.html       all of it on one page that needs no other file and no network
"""

import io
import os
from pathlib import Path

from PIL import Image

from fluxlearn.demo import PROMPT
from fluxlearn.demo.figures import FIGURES, enlarged
from fluxlearn.demo.look import Look, look_inside
from fluxlearn.demo.page import write_page
from fluxlearn.files import write_whole
from fluxlearn.load import load
from fluxlearn.plots.style import styled


def run_demo(
    prompt: str = PROMPT, out: str | Path = "fluxlearn-demo", seed: int = 0, steps: int = 20
) -> tuple[Look, list[Path]]:
    """Paint, look inside and write the files; the page comes first among the paths.

    out  a folder; it is made if it is missing, and files of an earlier demo are replaced.

    Raises OSError before any work when the folder cannot be written, ValueError for a prompt or
    number that cannot be painted. Files are written when all are ready.
    """
    out = Path(out)
    check_writable(out)
    look = look_inside(load("toy-dev"), prompt, seed, steps)
    files = {"index.html": write_page(look).encode(), "picture.png": _png(look.picture.images[0])}
    with styled("light"):
        files |= {f"{name}.png": draw(look).png() for name, draw in FIGURES.items()}
    out.mkdir(parents=True, exist_ok=True)
    return look, [write_whole(out / name, data) for name, data in files.items()]


def check_writable(folder: Path) -> None:
    """Raise OSError when files cannot be written to a folder that may not exist yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"{there} is a file, so {folder} cannot be a folder. Rename one.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(f"{there} cannot be written to. Choose another folder for {folder}.")


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    enlarged(picture).save(buffer, format="PNG")
    return buffer.getvalue()
