"""Hold notebooks against a rerun and against the rules, exactly as the tests do."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fluxlearn.export.packages import need

RULES = Path("tests/test_notebooks.py")


def verify(notebooks: Sequence[Path], root: Path) -> bool:
    """Whether a rerun of each notebook prints what is stored, and each keeps the rules.

    root  of the repository, which holds the rules; pytest's report goes to the terminal.

    Raises MissingPackageError without pytest and nbval, and ValueError outside the repository.
    """
    need("nbval", "pytest", extra="dev")
    if not (root / RULES).is_file():
        raise ValueError(
            f"{root} has no {RULES}, which holds the rules. Use a clone of the project."
        )
    names = " or ".join(path.stem for path in notebooks)
    command = [
        sys.executable, "-m", "pytest", "--quiet", "--nbval", "--nbval-current-env",
        "--nbval-cell-timeout=180", "-k", names, *map(str, notebooks), str(RULES),
    ]  # fmt: skip
    return subprocess.run(command, cwd=root).returncode == 0
