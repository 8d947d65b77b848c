"""Attribution over a painting: what share of the velocity each part has, step by step.

    seen = attribute_painting(pipe, "a red circle")
    seen.share                             # [step, part, batch]; the parts of a step add up to 1
    seen.by_kind["attention"]              # [step, block, batch]

Two numbers are kept of each part, and the parts themselves let go: FLUX.1-dev has 1505 of them, as
large as the velocity each. For these, and for what the numbers do not tell, see
`fluxlearn.model.attribution`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from fluxlearn.model.attribution import Attribution, attribute
from fluxlearn.model.writes import KINDS, Part
from fluxlearn.sampling.excerpt import Steps, choose_steps, states_at
from fluxlearn.sampling.pipeline import Pipeline, Prompt


@dataclass(frozen=True, kw_only=True, eq=False)
class PaintingParts:
    """What each part had to do with the velocity; a solver that calls twice has two rows a step."""

    share: Float[np.ndarray, "step part batch"]  # ⟨part, v⟩ / ⟨v, v⟩: how far it goes along
    size: Float[np.ndarray, "step part batch"]  # ‖part‖ / ‖v‖: how large it is
    rest: Float[np.ndarray, "step batch"]  # size of what the parts do not add up to: rounding
    parts: tuple[Part, ...]
    times: tuple[float, ...]  # of the steps; 1 is noise, 0 is the picture

    @property
    def blocks(self) -> tuple[str, ...]:
        """Where parts were written: the embedding, every block, the last layer."""
        return tuple(dict.fromkeys(part.block for part in self.parts))

    @property
    def by_kind(self) -> dict[str, Float[np.ndarray, "step block batch"]]:
        """Shares of whole blocks: of all heads together, and so on for each of the `KINDS`."""
        return {kind: self._shares_of(kind) for kind in KINDS}

    @property
    def by_head(self) -> Float[np.ndarray, "step block head batch"]:
        """Sizes of the heads, block by block, doubles first."""
        heads = [i for i, part in enumerate(self.parts) if part.kind == "attention"]
        blocks = len({self.parts[i].block for i in heads})
        steps, _, batch = self.size.shape
        return self.size[:, heads].reshape(steps, blocks, -1, batch)

    def _shares_of(self, kind: str) -> Float[np.ndarray, "step block batch"]:
        steps, _, batch = self.share.shape
        table = np.zeros((steps, len(self.blocks), batch), dtype=self.share.dtype)
        for i, part in enumerate(self.parts):
            if part.kind == kind:
                table[:, self.blocks.index(part.block)] += self.share[:, i]
        return table


def attribute_painting(
    pipe: Pipeline, prompt: Prompt, *, step: Steps = None, branch: str = "cond", **options: Any
) -> PaintingParts:
    """Paint, and split the velocity of some steps.

    step     of the solver, from 0; one, several, or None for all. Later steps are not painted.
    branch   "cond" or, under true guidance, "uncond"; what is split is this branch's velocity.
    options  as for `paint`.

    Raises ValueError or TypeError before any model runs, TooLargeError before the first block.
    """
    wanted = choose_steps(pipe, step, options)
    with attribute(pipe, steps=wanted, branch=branch, reduce=_summary) as calls:
        painted = states_at(pipe, prompt, wanted, options)
    shares, sizes, rests, parts = zip(*calls, strict=True)
    return PaintingParts(
        share=np.stack(shares),
        size=np.stack(sizes),
        rest=np.stack(rests),
        parts=parts[0],
        times=tuple(s.time for s in painted),
    )


def _summary(call: Attribution) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Part, ...]]:
    return call.share(), call.size(), call.rest_size(), call.parts
