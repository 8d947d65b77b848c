"""Where, and when, what two prompts differ in takes effect: activation patching, block × step.

    source   a large red circle on a white background
    target   a large blue circle on a white background

    total  = m(source) − m(target)                       m: a measure, for example "is it red?"
    effect = m(target, with one block's writes of one step from source) − m(target)
    share  = effect / total                              0: none of it, 1: all of it went that way

Both are painted from the same noise. What a block writes is all that it adds to the stream, so the
map asks of each block and step: is it here that red enters? Shares need not add up to 1. Blocks
repeat one another, and later ones react to what earlier ones did.

Source: causal tracing, arXiv:2202.05262; the indirect effect, arXiv:2004.12265.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from fluxlearn.files import check_place
from fluxlearn.sampling.attend import read_labels
from fluxlearn.sampling.interventions.blocks import block_names, writes
from fluxlearn.sampling.interventions.intervention import Intervention
from fluxlearn.sampling.interventions.patch import Recording, patch
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.sampling.sweeps.grid import grid
from fluxlearn.sampling.sweeps.sweep import Measure, as_value, sweep
from fluxlearn.sampling.sweeps.swept import Swept, join_seeds
from fluxlearn.trace.record import record

if TYPE_CHECKING:
    from fluxlearn.plots.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class IndirectEffect:
    """How much of the difference between two prompts goes through each block at each step."""

    effect: Swept  # [block, step, prompt, seed]
    total: Float[np.ndarray, " _"]  # of each seed: m(source) − m(target)

    @property
    def share(self) -> Float[np.ndarray, "block step"]:
        """Mean effect over mean total; NaN when the prompts do not differ in the measure."""
        total = float(np.nanmean(self.total)) if not np.isnan(self.total).all() else np.nan
        effect = self.effect.mean("prompt", "seed").values
        return effect / total if total else np.full_like(effect, np.nan)

    def plot(self) -> "Figure":
        """Draw the shares as a heat map.

        Raises ValueError when there are none.
        """
        from fluxlearn.plots.sweeps import plot_sweep

        axes = {name: self.effect.axes[name] for name in ("block", "step")}
        return plot_sweep(self.share, axes, f"share of {self.effect.about['measure']}")


def patching_map(
    pipe: Pipeline,
    prompts: tuple[str, str],
    measure: Measure,
    seeds: Iterable[int] = (0,),
    path: str | Path | None = None,
    **options: Any,
) -> IndirectEffect:
    """Paint a target prompt with what one block wrote at one step for a source prompt.

    prompts  (source, target), with as many tokens of words.
    measure  high for the source, low for the target: see `sweep`.
    path     a folder to keep the numbers in, one file a seed, and to go on from; made if missing.
    options  of painting.

    Costs blocks · steps + 2 pictures a seed, and the memory of what all blocks write.

    Raises ValueError, TypeError or FileNotFoundError before anything is painted; ValueError after
    a source was painted when the file of its seed holds another sweep; TooLargeError at the first
    block when the recording would be too large: `copy_row` needs none.
    """
    source, target = _checked(pipe, prompts)
    numbers = list(seeds)
    if not numbers:
        raise ValueError("seeds is empty, but at least one painting is needed.")
    if path is not None:
        check_place(Path(path))
        Path(path).mkdir(exist_ok=True)
    parts, totals = [], []
    for seed in numbers:
        file = None if path is None else Path(path) / f"seed-{seed}.safetensors"
        picture, seen = _record(pipe, source, {**options, "seed": seed})

        def from_source(block: str, step: int, seen: Recording = seen) -> Intervention:
            return patch(seen, writes(block), steps=[step])

        cells = grid(from_source, block=block_names(pipe), step=seen.steps or ())
        part = sweep(pipe, target, cells, measure, [seed], file, **options)
        parts.append(part.effect)
        totals.append(as_value(measure(picture, picture)) - part.baseline.item())
    return IndirectEffect(effect=join_seeds(parts), total=np.array(totals))


def _record(pipe: Pipeline, prompt: str, options: dict[str, Any]) -> tuple[Any, Recording]:
    points = [point for block in block_names(pipe) for point in writes(block)]
    with record(pipe, points) as seen:
        picture = pipe.paint(prompt, **options)
    return picture, Recording.of(seen)


def _checked(pipe: Pipeline, prompts: tuple[str, str]) -> tuple[str, str]:
    """Source and target.

    Raises ValueError when their words do not stand at the same tokens.
    """
    if isinstance(prompts, str) or len(prompts) != 2:
        raise ValueError(f"prompts are {prompts!r}, but two are expected: (source, target).")
    first, second = (len(one.regions()["<words>"]) for one in read_labels(pipe, prompts))
    if first != second:
        raise ValueError(
            f"{prompts[0]!r} has {first} tokens of words and {prompts[1]!r} has {second}, but a "
            f"patch goes from token to token. Word them alike."
        )
    return prompts[0], prompts[1]
