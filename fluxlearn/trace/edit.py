"""Change values inside a forward pass, or stop it.

    with edit(pipe, {"double.1.img.mod.gate1": lambda x, at: 0 * x}, steps=range(5)):
        pipe.paint(prompt)

An edit is a function of the value and of where it occurs, or a plain value that takes its place. It
must give back the same shape, dtype and device. Several edits nest; the outermost sees a value
first.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from fluxlearn.trace.find import NeverFiredError, find, owners_of, points_of
from fluxlearn.trace.moment import current_moment, is_wanted
from fluxlearn.trace.tap import handling


@dataclass(frozen=True)
class At:
    """Where and when a value occurs: what an edit is told beside the value."""

    point: str  # "double.3.img.q"
    layer: int | None  # 3; None outside blocks
    stream: str | None  # "img" or "txt"; None where the streams are one
    step: int | None  # of the sampler, from 0; None outside a sampler
    time: float | None  # 1 is noise, 0 is the image; None outside a sampler
    branch: str | None  # "cond" or "uncond"; None outside a sampler


Edit = Callable[[Any, At], Any]


def where(point: str) -> At:
    """Where a point is, with the sampler's moment if there is one."""
    words, now = point.split("."), current_moment()
    return At(
        point=point,
        layer=next((int(word) for word in words if word.isdigit()), None),
        stream=next((word for word in words if word in ("img", "txt")), None),
        step=now.step if now else None,
        time=now.time if now else None,
        branch=now.branch if now else None,
    )


@contextmanager
def edit(
    model: Any,
    edits: Mapping[str, Edit | Any],
    *,
    steps: Collection[int] | None = None,
    branch: str | None = None,
) -> Iterator[None]:
    """Edit points of a pipeline or module while the block runs.

    edits   name or glob → function (value, at) → value, or the new value itself. `bypass` points
            take True; `attn.mask` points take a tensor that is added to the scores.
    steps   sampling steps to edit; None is all of them.
    branch  "cond" or "uncond"; None is both.

    Raises UnknownPointError on entering, TypeError or ValueError where an edit gives back nothing
    or another shape, NeverFiredError on leaving if a name or glob edited nothing.
    """
    if not isinstance(edits, Mapping):
        raise TypeError(f"edits is {edits!r}, but a mapping from names to edits is expected.")
    editor = _Editor(model, edits)
    editor.steps, editor.branch = steps, branch
    with handling(editor):
        yield
    editor.check_all_fired()


class _Editor:
    """The handler behind `edit`."""

    changes = True  # values, so that it is called again where they are computed again

    def __init__(self, model: Any, edits: Mapping[str, Any]) -> None:
        self.owners = owners_of(model)
        self.unused = {}
        self.by_name: dict[str, list[tuple[str, Any]]] = {}
        for pattern, points in find(edits, points_of(model)).items():
            self.unused[pattern] = True
            for point in points:
                self.by_name.setdefault(point.name, []).append((pattern, edits[pattern]))
        self.steps: Collection[int] | None = None
        self.branch: str | None = None

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        if name not in self.by_name or id(owner) not in self.owners:
            return value
        if not is_wanted(self.steps, self.branch):
            return value
        for pattern, change in self.by_name[name]:
            self.unused[pattern] = False
            new = change(value, where(name)) if callable(change) else change
            value = _checked(name, value, new)
        return value

    def check_all_fired(self) -> None:
        for pattern, unused in self.unused.items():
            if unused:
                when = "" if self.steps is None else f" at steps {list(self.steps)}"
                raise NeverFiredError(
                    f"the edit of {pattern!r} never took place{when}. Did the model run inside the "
                    f"with block, and as far as this point?"
                )


def _checked(name: str, old: Any, new: Any) -> Any:
    if not isinstance(old, Tensor):  # a flag or a mask: there is no old shape to keep
        if isinstance(old, bool) and not isinstance(new, bool):
            raise TypeError(f"the edit of {name!r} gave {new!r}, but True or False is expected.")
        return new
    if not isinstance(new, Tensor):
        raise TypeError(
            f"the edit of {name!r} gave {new!r} instead of a tensor {tuple(old.shape)}. Does the "
            f"function return its result?"
        )
    if new.shape != old.shape or new.dtype != old.dtype or new.device != old.device:
        raise ValueError(
            f"the edit of {name!r} gave {_kind(new)}, but {_kind(old)} is expected. Keep shape, "
            f"dtype and device."
        )
    return new


def _kind(value: Tensor) -> str:
    return f"{tuple(value.shape)} {value.dtype} on {value.device}"
