"""Patching: values of one painting put into another.

    with record(pipe, writes("single.2")) as seen:
        pipe.paint("a red circle", seed=0)
    with edit(pipe, patch(seen)):
        pipe.paint("a blue circle", seed=0)       how red does it become?

What the picture then takes over from the first prompt went through these points at these steps. A
value goes where it came from: same point, same step, same token. So the two prompts should have
their words at the same tokens, and both paintings the same noise.

A recording of all that blocks write at all steps is large: in FLUX.1 at 1024 × 1024, up to 57 MB a
point and step in float32. Painting both at once needs none, at two pictures a painting:

    with intervene(pipe, [copy_row("in.latent"), copy_row(writes("single.2"))]):
        pipe.paint(["a red circle", "a blue circle"])

Source: causal tracing, arXiv:2202.05262; rows of a batch, Stable Flow, arXiv:2411.14430.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor

from fluxlearn.sampling.interventions.intervention import (
    Intervention,
    as_counts,
    as_names,
    fit,
)
from fluxlearn.trace.edit import At, Edit
from fluxlearn.trace.moment import current_moment
from fluxlearn.trace.record import Record

FITS = "Record it whole, without reduce=, and paint as many pictures of the same size."


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """What is put back: values of some points, step by step."""

    values: dict[str, Tensor]  # point → [step, …]; the bare value where steps is None
    steps: tuple[int, ...] | None  # of the sampler; None when recorded outside of one
    branch: str | None  # of guidance; None when recorded outside of a sampler

    @classmethod
    def of(cls, seen: Record, points: str | Iterable[str] = "*") -> "Recording":
        """The recorded values of points that names or globs stand for.

        Raises ValueError when nothing of that name was recorded, and when the points, or two calls
        of one step, cannot be told apart.
        """
        names = _matching(seen, points)
        calls = {tuple((m.step, m.branch) for m in seen.moments(name)) for name in names}
        steps = [step for step, _ in next(iter(calls))]
        if len(calls) > 1 or len(set(steps)) < len(steps):
            raise ValueError(
                f"{len(names)} points were recorded at {sorted(calls)}, but the same steps are "
                f"expected for all, each once. Record them together, with the solver 'euler'."
            )
        values = {name: seen[name] for name in names}
        if not steps:
            return cls(values=values, steps=None, branch=None)
        return cls(values=values, steps=tuple(steps), branch=next(iter(calls))[0][1])

    def only(self, points: str | Iterable[str]) -> "Recording":
        """The part of it that names or globs stand for.

        Raises ValueError when there is none.
        """
        names = _matching(self.values, points)
        return replace(self, values={name: self.values[name] for name in names})

    def __repr__(self) -> str:
        when = "" if self.steps is None else f" at {len(self.steps)} steps"
        return f"<recording of {', '.join(self.values)}{when}>"


def patch(
    seen: Record | Recording,
    points: str | Iterable[str] = "*",
    *,
    steps: Iterable[int] | None = None,
    tokens: Iterable[int] | None = None,
) -> Intervention:
    """Put recorded values back, into another run.

    points  names or globs of recorded points; all of them unless said.
    steps   of those recorded; None is all of them.
    tokens  along the point's own tokens; None is the whole value.

    Raises ValueError for points and steps that were not recorded; in the first model call when a
    value has another shape.
    """
    taken = Recording.of(seen, points) if isinstance(seen, Record) else seen.only(points)
    chosen = None if tokens is None else as_counts("tokens", tokens, "Count the point's own.")
    made = Intervention(
        builder="patch",
        arguments={"seen": taken, "tokens": chosen and list(chosen)},
        edits={name: _put_back(value, taken.steps, chosen) for name, value in taken.values.items()},
        steps=taken.steps,
        branch=taken.branch,
    )
    return made if steps is None else made.during(steps)


def copy_row(
    points: str | Iterable[str], *, source: int = 0, targets: Iterable[int] | None = None
) -> Intervention:
    """Give some pictures of a batch what one of them has.

    points   names or globs; the first axis of their values is the batch.
    source   the picture that is copied from, from 0.
    targets  those that are copied to; None is all others.

    Raises IndexError in the first model call when there are not as many pictures.
    """
    names = as_names("points", points)
    (first,) = as_counts("source", [source], "Pictures count from 0.")
    others = None if targets is None else as_counts("targets", targets, "Pictures count from 0.")

    def copy(value: Tensor, at: At) -> Tensor:
        if max(first, *(others or (0,))) >= len(value):
            raise IndexError(
                f"source is {first} and targets are {others or 'all others'}, but {at.point!r} has "
                f"{len(value)} pictures, counted from 0. Paint a list of prompts."
            )
        changed = value.clone()
        changed[list(others) if others else slice(None)] = value[first]
        return changed

    return Intervention(
        builder="copy_row",
        arguments={"points": names, "source": first, "targets": others and list(others)},
        edits=dict.fromkeys(names, copy),
    )


def _matching(recorded: Iterable[str], points: str | Iterable[str]) -> list[str]:
    """The recorded points that names or globs stand for."""
    there, asked = list(recorded), as_names("points", points)
    names = [name for name in there if any(fnmatchcase(name, pattern) for pattern in asked)]
    if not names:
        raise ValueError(f"{points!r} was not recorded. There is {', '.join(there) or 'nothing'}.")
    return names


def _put_back(
    recorded: Tensor, steps: tuple[int, ...] | None, tokens: tuple[int, ...] | None
) -> Edit:
    def put(value: Any, at: At) -> Tensor:
        now = recorded if steps is None else recorded[_place_in(steps)]
        new = fit(now, value, at.point, FITS)
        if tokens is None:
            return new
        if value.ndim < 3 or max(tokens) >= value.shape[-2]:
            raise ValueError(
                f"tokens are {list(tokens)}, but {at.point!r} is {tuple(value.shape)}: its tokens, "
                f"if it has any, are the last axis but one."
            )
        changed = value.clone()
        changed[..., list(tokens), :] = new[..., list(tokens), :]
        return changed

    return put


def _place_in(steps: tuple[int, ...]) -> int:
    """Where the step that is running stands among those recorded."""
    now = current_moment()
    if now is None:
        raise ValueError(
            f"this was recorded at the sampling steps {list(steps)}, but the model is called "
            f"outside of a sampler, where there are none. Record a single call instead."
        )
    return steps.index(now.step)
