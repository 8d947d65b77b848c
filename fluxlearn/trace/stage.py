"""A stage: one stop of a walk, with the value that has just been made and all that is known of it.

stage.point       "double.0.img.q"
stage.value       the tensor itself; assign another, and the rest of the pass goes on with it
stage.shape       "[batch 1, head 6, img 64, head_dim 32]"
stage.equation    "scale·q_raw / rms(q_raw)"
stage.meaning     "queries before rotation"
stage.source      the statement that made it: its file, line and text
stage.at          where and when: layer, stream, step, time, branch
stage.show()      all of this, with numbers and a thumbnail
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from fluxlearn.trace.card import Card
from fluxlearn.trace.edit import where
from fluxlearn.trace.point import Point
from fluxlearn.trace.reduce import stats
from fluxlearn.trace.source import Source

FEW = 4  # so many numbers are told one by one


class Stage:
    """One stop of a walk; see the module for what it holds.

    A value is the very tensor that the pass works with, and may be the caller's own. Assign a new
    one to change it; changed in place, it would also change where the caller keeps it.
    """

    def __init__(self, point: Point, value: Any, source: Source, sizes: Mapping[str, int]) -> None:
        """Describe a value; `sizes` are those of the axis words met so far, for the thumbnail."""
        self.point, self.axes = point.name, point.shape.split()
        self.equation, self.meaning, self.look = point.equation, point.meaning, point.look
        self.source, self.at = source, where(point.name)
        self.is_passed = False  # whether the pass has gone on from here
        self._value, self._sizes = value, dict(sizes)

    @property
    def value(self) -> Any:
        """The value with which the pass goes on."""
        return self._value

    @value.setter
    def value(self, new: Any) -> None:
        """Put another in its place.

        Raises ValueError or TypeError for what does not fit there, RuntimeError when the pass has
        gone on already.
        """
        if self.is_passed:
            raise RuntimeError(
                f"{self.point!r} can no longer be changed: the pass has gone on from there. "
                f"Assign before the next stage is asked for."
            )
        self._check(new)
        self._value = new

    @property
    def shape(self) -> str:
        """The axes in words, each with its size."""
        if not isinstance(self._value, Tensor) or not self.axes:
            return "a single value"
        pairs = zip(self.axes, self._value.shape, strict=True)
        told = (f"{size}" if word in ("_", f"{size}") else f"{word} {size}" for word, size in pairs)
        return f"[{', '.join(told)}]"

    @property
    def numbers(self) -> str:
        """A few numbers themselves; of more, their mean, spread, smallest and largest."""
        if not isinstance(self._value, Tensor):
            return repr(self._value)
        value = self._value.detach()
        if value.numel() <= FEW:
            return ", ".join(f"{number:.4g}" for number in value.flatten().tolist())
        mean, spread, low, high = stats.apply(value, self.axes).tolist()
        odd = value.numel() - int(torch.isfinite(value).sum())
        warning = f"; {odd} are NaN or infinite" if odd else ""
        return f"mean {mean:.3g}, spread {spread:.3g}, from {low:.3g} to {high:.3g}{warning}"

    def show(self) -> None:
        """Tell all of it: on a card with a thumbnail in Jupyter, as plain text elsewhere."""
        self.card().show()

    def card(self) -> Card:
        """What `show` shows."""
        rows = {
            "shape": f"{self.shape} {_kind(self._value)}".rstrip(),
            "equation": self.equation,
            "meaning": self.meaning,
            "look for": self.look,
            "values": self.numbers,
            "source": str(self.source),
        }
        note, code = _moment(self.at.step, self.at.time, self.at.branch), self.source.text
        return Card(title=self.point, note=note, rows=rows, code=code, draw=self._thumbnail)

    def __repr__(self) -> str:
        return f"<Stage {self.point} {self.shape}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.card()._repr_mimebundle_()

    def _thumbnail(self) -> Any:
        from fluxlearn.plots.thumbnail import plot_thumbnail

        if not isinstance(self._value, Tensor):
            return None
        return plot_thumbnail(self._value, self.axes, self._sizes)

    def _check(self, new: Any) -> None:
        """Refuse what could not take the value's place."""
        old, asked = self._value, f"{self.point!r} was given"
        if isinstance(old, bool) and not isinstance(new, bool):
            raise TypeError(f"{asked} {_told(new)}, but True or False is expected.")
        if old is None and not isinstance(new, Tensor | None):
            raise TypeError(f"{asked} {_told(new)}, but a tensor or None is expected.")
        if not isinstance(old, Tensor) or not self.axes:  # a flag or a mask has no shape to keep
            return
        if not isinstance(new, Tensor):
            raise TypeError(
                f"{asked} {_told(new)}, but a tensor {self.shape} is expected. For one number "
                f"everywhere: torch.full_like(stage.value, number)."
            )
        if (new.shape, new.dtype, new.device) != (old.shape, old.dtype, old.device):
            raise ValueError(
                f"{asked} {_told(new)}, but {_told(old)} {self.shape} is expected. Keep shape, "
                f"dtype and device."
            )


def _kind(value: Any) -> str:
    return f"{value.dtype} on {value.device}" if isinstance(value, Tensor) else ""


def _told(value: Any) -> str:
    return f"{tuple(value.shape)} {_kind(value)}" if isinstance(value, Tensor) else repr(value)


def _moment(step: int | None, time: float | None, branch: str | None) -> str:
    """When a value occurs, in words; nothing outside a sampler."""
    if step is None or time is None:
        return ""
    return f"step {step}, t = {time:.2f}" + (", without the prompt" if branch == "uncond" else "")
