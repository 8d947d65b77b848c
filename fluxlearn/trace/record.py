"""Read values inside a forward pass.

    with record(pipe, "double.*.img.resid_post", steps=[0, 10, 19]) as seen:
        pipe.paint(prompt)
    seen["double.0.img.resid_post"]        # [step, batch, img, dim]

Values are detached copies, so recording changes nothing. Outside a sampler there is no step axis;
a module that was called several times gives one entry a call.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fluxlearn.files import replacing
from fluxlearn.trace.find import NeverFiredError, find, owners_of, points_of
from fluxlearn.trace.moment import Moment, current_moment, expected_calls, is_wanted
from fluxlearn.trace.point import Point
from fluxlearn.trace.reduce import Reducer, whole
from fluxlearn.trace.sizes import learn_sizes, refuse_recording
from fluxlearn.trace.tap import handling

MAX_BYTES = 4_000_000_000


class Record(Mapping[str, Tensor]):
    """What was recorded: a mapping from point names to tensors.

    grad   the same for gradients, when recorded with grad=True and after a backward pass.
    """

    def __init__(self) -> None:
        """Start empty; `record` fills it."""
        self._values: dict[str, list[tuple[Moment | None, Tensor]]] = {}
        self.grad: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        """The value of a point: [step, …] after sampling, the bare value after a single call."""
        if name not in self._values:
            raise KeyError(f"{name!r} was not recorded. There is {', '.join(self) or 'nothing'}.")
        entries = self._values[name]
        if len(entries) == 1 and entries[0][0] is None:
            return entries[0][1]
        return torch.stack([value for _, value in entries])

    def __iter__(self) -> Iterator[str]:
        """Names in the order in which they fired."""
        return iter(self._values)

    def __len__(self) -> int:
        """The number of points recorded."""
        return len(self._values)

    def moments(self, name: str) -> list[Moment]:
        """The step, time and branch of each entry of a point; empty outside a sampler."""
        return [moment for moment, _ in self._values[name] if moment is not None]

    def __repr__(self) -> str:
        rows = [f"  {name:<32} {list(self[name].shape)}" for name in self]
        return "\n".join([f"<Record of {len(self)} points>", *rows])

    def add(self, name: str, value: Tensor) -> None:
        """Append an entry at the current moment."""
        self._values.setdefault(name, []).append((current_moment(), value))


@contextmanager
def record(
    model: Any,
    points: str | Iterable[str],
    *,
    reduce: Reducer = whole,
    steps: Collection[int] | None = None,
    branch: str = "cond",
    to: str | torch.device | None = None,
    grad: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Record]:
    """Record points of a pipeline or module while the block runs.

    points     names or globs: "vec", "double.*.img.mod.gate1".
    reduce     what to keep of each value: see `fluxlearn.trace.reduce`.
    steps      sampling steps to record; None is all of them.
    branch     "cond" or, under true guidance, "uncond".
    to         device to keep values on, "cpu" for example.
    grad       keep the graph, and collect gradients in `.grad` during a backward pass.
    max_bytes  refuse to hold more; estimated before the first block runs.

    Raises UnknownPointError on entering, TooLargeError before the first block, NeverFiredError on
    leaving if a name or glob saw nothing.
    """
    listener = _Listener(model, points, reduce, max_bytes)
    listener.steps, listener.branch, listener.device, listener.grad = steps, branch, to, grad
    with handling(listener):
        yield listener.record
    listener.check_all_fired()


class _Listener:
    """The handler behind `record`."""

    def __init__(self, model: Any, points: str | Iterable[str], reduce: Reducer, limit: int):
        table = points_of(model)
        self.found = find(points, table)
        self.table = {point.name: point for point in table}
        self.wanted = {point.name for group in self.found.values() for point in group}
        self.owners = owners_of(model)
        self.reduce, self.limit = reduce, limit
        self.sizes: dict[str, int] = {}
        self.record = Record()
        self.steps: Collection[int] | None = None
        self.branch, self.grad = "cond", False
        self.device: str | torch.device | None = None

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        if id(owner) not in self.owners or name not in self.table:
            return value
        if isinstance(value, Tensor) and learn_sizes(self.sizes, self.table[name], value):
            self._check_bytes()
        if name in self.wanted and is_wanted(self.steps, self.branch):
            self._keep(self.table[name], value)
        return value

    def _keep(self, point: Point, value: Any) -> None:
        if not isinstance(value, Tensor):  # a flag, or no mask
            value = torch.tensor(float("nan") if value is None else float(value))
            self.record.add(point.name, value)
            return
        kept = self.reduce.apply(value, point.shape.split())
        if self.grad and value.requires_grad:
            value.register_hook(lambda g: self.record.grad.__setitem__(point.name, g.detach()))
        else:
            kept = kept.detach().clone() if kept is value else kept.detach()
        self.record.add(point.name, kept.to(self.device) if self.device else kept)

    def _check_bytes(self) -> None:
        points, calls = [self.table[name] for name in self.wanted], expected_calls(self.steps)
        refuse_recording(self.limit, points, self.sizes, self.reduce, calls)

    def check_all_fired(self) -> None:
        for pattern, points in self.found.items():
            if not any(point.name in self.record for point in points):
                when = "" if self.steps is None else f" at steps {list(self.steps)}"
                raise NeverFiredError(
                    f"{pattern!r} never fired{when}. Did the model run inside the with block, "
                    f"and as far as this point?"
                )


def save_record(seen: Record, path: str | Path) -> Path:
    """Write a record to a safetensors file, with the times of its steps; whole or not at all.

    Raises FileNotFoundError when the folder does not exist.
    """
    import json

    from safetensors.torch import save_file

    path = Path(path)
    times = {name: [m.time for m in seen.moments(name)] for name in seen}
    with replacing(path) as partial:
        save_file({n: seen[n].contiguous() for n in seen}, partial, {"times": json.dumps(times)})
    return path
