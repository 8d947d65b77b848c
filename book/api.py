"""Write the pages of the API reference: a page for each question that a reader comes with.

    python book/api.py                      what `make book` calls before it builds

Each page lists modules; Sphinx fills in what their docstrings say, and links it to the source.
"""

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from fluxlearn.files import write_whole
from fluxlearn.show import PACKAGE

FOLDER = Path(__file__).parent / "api"


class Page(NamedTuple):
    """One page: what it answers, and the modules that are on it."""

    title: str
    question: str
    homes: tuple[str, ...]  # modules, or folders with all that is in them


# fmt: off
PAGES = {
    "network": Page("The network", "What does FLUX.1 compute, and of what sizes?",
                    ("model", "config", "shapes", "flow", "ddpm")),
    "text_and_pixels": Page("Text and pixels", "How do prompts and pictures become numbers?",
                            ("text", "autoencoder")),
    "painting": Page("Painting", "How does noise become a picture?",
                     ("load", "load_redux", "sampling")),
    "looking": Page("Looking inside", "How do I read what happens in a forward pass?",
                    ("catalogue", "trace", "sampling/attend", "sampling/concepts", "sampling/walk",
                     "sampling/lens", "sampling/attribution", "sampling/streams",
                     "sampling/modulations", "sampling/attention_bytes", "sampling/excerpt")),
    "changing": Page("Changing what happens", "How do I intervene, and measure what it does?",
                     ("sampling/interventions", "sampling/sweeps")),
    "weights": Page("Weights", "How do I load, convert and change weights?",
                    ("checkpoints", "lora", "files")),
    "memory": Page("Memory and speed", "What fits, and how fast is it?", ("memory", "bench")),
    "training": Page("Training", "How is such a model trained?", ("training",)),
    "toy": Page("The toy world", "How is the small model made, and how is it measured?", ("toy",)),
    "figures": Page("Figures and files", "How do I draw, count, export and show?",
                    ("plots", "export", "show", "setup", "demo")),
    "course": Page("The course", "How do exercises, notebooks and commands work?",
                   ("exercises", "notebooks", "cli")),
}
# fmt: on

# Answers to exercises have pages of their own.
LEFT_OUT = ("exercises/chapter_",)


def main(folder: Path = FOLDER) -> None:
    """Write the pages anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for slug, page in PAGES.items():
        write_whole(folder / f"{slug}.rst", text_of(page, modules_of(slug)))


def modules() -> list[str]:
    """Every module of the package that has a place, as a path without its ending."""
    paths = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    names = [path.with_suffix("").as_posix() for path in paths]
    return [
        name.removesuffix("/__init__")
        for name in names
        if not name.startswith((*LEFT_OUT, "__init__", "__main__"))
    ]


def page_of(module: str) -> str | None:
    """The page that a module is on: the one that names its nearest home."""
    homes = {home: slug for slug, page in PAGES.items() for home in page.homes}
    words = module.split("/")
    for length in range(len(words), 0, -1):
        home = "/".join(words[:length])
        if home in homes:
            return homes[home]
    return None


def modules_of(slug: str) -> list[str]:
    """The modules of a page, in the order in which it names their homes."""
    mine = [module for module in modules() if page_of(module) == slug]
    homes = PAGES[slug].homes
    return sorted(mine, key=lambda m: [m == h or m.startswith(f"{h}/") for h in homes].index(True))


def text_of(page: Page, names: list[str]) -> str:
    """A page as reStructuredText."""
    parts = [f"{page.title}\n{'=' * len(page.title)}", page.question]
    for name in names:
        file = f"{name}.py" if (PACKAGE / f"{name}.py").is_file() else f"{name}/"
        module = f"fluxlearn.{name.replace('/', '.')}"
        parts.append(f"{file}\n{'-' * len(file)}\n\n.. automodule:: {module}")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
