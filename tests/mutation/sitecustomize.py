"""Run by Python before anything else when this folder is on PYTHONPATH: plant a mistake.

The folder in which Python starts may hold a file `mutant.json`:

    {"module": "fluxlearn.model.embeddings", "old": "1000.0", "new": "100.0"}

The module is then compiled from its source with that one change. Nothing is written anywhere.
"""

import json
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType


class Mutating(SourceFileLoader):
    """Compiles a module with one change, and leaves compiled files alone."""

    old = new = ""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the changed source."""
        source = Path(self.path).read_text("utf-8")
        if source.count(self.old) != 1:
            raise ImportError(
                f"{self.old!r} does not stand once in {self.path}. Correct the mutant."
            )
        return compile(source.replace(self.old, self.new), self.path, "exec")


class Finder:
    """Finds the one module that is to be changed."""

    def __init__(self, module: str, old: str, new: str) -> None:
        self.module, self.old, self.new = module, old, new

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """The module with a loader that changes it; None for all others."""
        spec = PathFinder.find_spec(name, path, target) if name == self.module else None
        if spec is not None:
            spec.loader = Mutating(name, str(spec.origin))
            spec.loader.old, spec.loader.new = self.old, self.new
        return spec


if Path("mutant.json").is_file():
    sys.meta_path.insert(0, Finder(**json.loads(Path("mutant.json").read_text("utf-8"))))
