"""What a sweep gives: numbers with named axes, ready to be averaged, kept and drawn.

    swept.axes                  {"block": ("double.0", …), "prompt": (…), "seed": (0, 1)}
    swept.values                [block, prompt, seed]
    swept.baseline              [1, prompt, seed]: the same measure where nothing was done
    swept.effect.mean("seed")   values − baseline, averaged
    swept.plot()                a figure, averaged over prompts and seeds

NaN stands where nothing was measured.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from fluxlearn.files import replacing
from fluxlearn.sampling.sweeps.grid import RESERVED, Label

if TYPE_CHECKING:
    from fluxlearn.plots.figure import Figure

KIND, VERSION = "fluxlearn.sweep", 1
PARTS = ("values", "baseline", "done")


@dataclass(frozen=True, kw_only=True, eq=False)
class Swept:
    """One number for each cell, prompt and seed."""

    axes: dict[str, tuple[Label, ...]]  # name → labels, in the order of the values' axes
    values: Float[np.ndarray, "..."]
    baseline: Float[np.ndarray, "..."]  # size 1 along the axes of the grid
    done: Bool[np.ndarray, "..."]  # which values were measured
    about: dict[str, Any]  # how they came about: model, measure, options of painting

    @property
    def effect(self) -> "Swept":
        """What each cell changed: values − baseline."""
        changed = self.values - self.baseline
        return replace(self, values=changed, baseline=np.zeros_like(self.baseline))

    def mean(self, *axes: str) -> "Swept":
        """The mean over some axes; what was not measured does not count.

        Raises ValueError for an axis that is not there.
        """
        for name in axes:
            if name not in self.axes:
                raise ValueError(f"there is no axis {name!r} in [{', '.join(self.axes)}].")
        places = tuple(i for i, name in enumerate(self.axes) if name in axes)
        return replace(
            self,
            axes={name: labels for name, labels in self.axes.items() if name not in axes},
            values=_mean(self.values, places),
            baseline=_mean(self.baseline, places),
            done=np.asarray(self.done.all(axis=places)),
        )

    def plot(self) -> "Figure":
        """Draw it: one axis as bars, two as a heat map. Prompts and seeds are averaged over.

        Raises ValueError for more axes; average over some first.
        """
        from fluxlearn.plots.sweeps import plot_sweep

        shown = self.mean(*(name for name in RESERVED if name in self.axes))
        return plot_sweep(shown.values, shown.axes, self.about["measure"].replace("_", " "))

    def save(self, path: str | Path) -> Path:
        """Write one safetensors file with the axes in its header, all or nothing.

        Raises FileNotFoundError when the folder does not exist.
        """
        from safetensors.numpy import save_file

        path = Path(path)
        # A list, since the order of the axes is that of the arrays.
        about = {"axes": [[name, list(labels)] for name, labels in self.axes.items()], **self.about}
        header = {"kind": KIND, "version": str(VERSION), "about": json.dumps(about)}
        arrays = {name: np.array(getattr(self, name), order="C") for name in PARTS}
        with replacing(path) as partial:
            save_file(arrays, partial, header)
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Swept":
        """Read what `save` wrote.

        Raises FileNotFoundError, or ValueError for any other file.
        """
        header, arrays = _read(Path(path))
        about = json.loads(header["about"])
        axes = {name: tuple(labels) for name, labels in about.pop("axes")}
        return cls(axes=axes, about=about, **arrays)

    def __repr__(self) -> str:
        axes = ", ".join(f"{name} {len(labels)}" for name, labels in self.axes.items())
        missing = int(self.done.size - self.done.sum())
        rest = f"; {missing} not painted yet" if missing else ""
        return f"<{self.about['measure']}: {axes or 'one number'}{rest}>"


def join_seeds(parts: list[Swept]) -> Swept:
    """One table from several that differ in their seeds only."""
    place = list(parts[0].axes).index("seed")
    seeds = tuple(seed for part in parts for seed in part.axes["seed"])
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=place) for name in PARTS
    }
    return replace(parts[0], axes={**parts[0].axes, "seed": seeds}, **arrays)


def _mean(values: np.ndarray, places: tuple[int, ...]) -> np.ndarray:
    """The mean over axes, without NaN; NaN where there is nothing else."""
    known = ~np.isnan(values)
    count = known.sum(axis=places)
    total = np.where(known, values, 0).sum(axis=places)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. sweep(…, path=…) writes one.")
    try:
        with safe_open(path, framework="np") as file:
            header, names = file.metadata() or {}, set(file.keys())
            arrays = {name: np.array(file.get_tensor(name)) for name in PARTS if name in names}
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). Remove it, and sweep again."
        ) from None
    if header.get("kind") != KIND or len(arrays) < len(PARTS):
        raise ValueError(f"{path} holds no sweep. sweep(…, path=…) writes one.")
    if header.get("version") != str(VERSION):
        raise ValueError(
            f"{path} has version {header.get('version')} of the format, but this fluxlearn reads "
            f"{VERSION}. Upgrade fluxlearn, or sweep again."
        )
    return header, arrays
