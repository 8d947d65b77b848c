"""Which notebooks are meant: all of a folder, or those whose names begin so."""

from pathlib import Path


def find_notebooks(folder: Path, name: str | None = None) -> list[Path]:
    """The notebooks of a folder, in order.

    name  the beginning of their names: "07", or a whole name; None is all.

    Raises ValueError when there are none.
    """
    found = sorted(folder.glob("*.ipynb"))
    if not found:
        raise ValueError(
            f"{folder} holds no notebooks. Call this from the root of the repository, or name the "
            f"folder with --folder."
        )
    chosen = [path for path in found if path.name.startswith(name or "")]
    if not chosen:
        names = ", ".join(path.stem for path in found)
        raise ValueError(f"{name!r} begins no notebook's name. {folder} holds {names}.")
    return chosen
