"""Execute a notebook in place and store its outputs in one normal form.

The outputs are committed: they are what a reader sees without running anything, and what the tests
compare a fresh run with. Whatever differs from run to run or from machine to machine (times,
versions, widgets' states) is left out, so that a stored change is a change of content.
"""

from pathlib import Path
from typing import Any

from fluxlearn.export.packages import need
from fluxlearn.files import replacing

TIMEOUT = 180  # seconds a cell
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(path: Path, timeout: int = TIMEOUT) -> None:
    """Run every cell in a fresh kernel and store the outputs, the whole file or nothing.

    timeout  seconds that one cell, and the start of the kernel, may take.

    Raises MissingPackageError without the packages of the extra `lab`, and nbclient's
    CellExecutionError, before anything is written, when a cell fails.
    """
    need("nbclient", "nbformat", "ipykernel", extra="lab")
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
    notebook.metadata = METADATA
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=timeout,
        resources={"metadata": {"path": path.parent}},
        record_timing=False,
    )
    _store(path, client.execute())


def _store(path: Path, notebook: Any) -> None:
    import nbformat

    # A run adds the versions of the machine that it ran on.
    notebook.metadata = METADATA
    with replacing(path) as partial:
        nbformat.write(notebook, partial)
