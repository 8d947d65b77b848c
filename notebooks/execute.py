"""Execute the notebooks in place and store their outputs in one normal form (`make notebooks`).

    python notebooks/execute.py                         all of them
    python notebooks/execute.py notebooks/00_*.ipynb    some

The outputs are committed: they are what a reader sees without running anything, and what the tests
compare a fresh run with.
"""

import os
import sys
from pathlib import Path

import nbclient
import nbformat

FOLDER = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main() -> None:
    """Execute the notebooks named on the command line, or all."""
    for path in map(Path, sys.argv[1:] or sorted(FOLDER.glob("*.ipynb"))):
        print(path.name)
        store(path, executed(nbformat.read(path, as_version=4)))


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run every cell in a fresh kernel; an error ends the run before anything is written."""
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
    notebook.metadata = METADATA
    client = nbclient.NotebookClient(
        notebook, timeout=180, resources={"metadata": {"path": FOLDER}}, record_timing=False
    )
    return client.execute()


def store(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook whole or not at all."""
    notebook.metadata = METADATA
    unfinished = path.with_suffix(".unfinished")
    nbformat.write(notebook, unfinished)
    os.replace(unfinished, path)


if __name__ == "__main__":
    main()
