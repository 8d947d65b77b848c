"""Shifted keys: how much a block relies on where tokens are.

    (1)  s = ⟨R(p) q, R(p′) k⟩ = ⟨q, R(p′ − p) k⟩          as it is
    (2)  s = ⟨R(p) q, R(p′ + Δ) k⟩                         with keys shifted by Δ

In (2) every token of the picture looks Δ away from where it would have looked. A block that goes by
content alone does not mind; one that goes by position does, and the picture changes. Rotations of
one plane add up, R(p′ + Δ) = R(Δ) R(p′), so the rotated keys are only turned a little further. Text
stays at (0, 0, 0).

Source: FreeFlux, arXiv:2503.16153, which tries Δ = (10, 10), (0, 20) and (64, 0) in one block at a
time and compares pictures by PSNR.
"""

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.model.rope import EmbedND, rotate
from fluxlearn.sampling.interventions.intervention import Intervention, as_names, as_number
from fluxlearn.sampling.interventions.places import LayoutReader, Places
from fluxlearn.trace.attention.groups import PICTURE
from fluxlearn.trace.edit import At


def shift_key_ids(model: Any, blocks: str | Iterable[str], by: Iterable[float]) -> Intervention:
    """Rotate the keys of the picture's tokens as if these stood elsewhere; queries stay.

    model   a pipeline or Flux: its config says which channels turn how fast.
    blocks  names or globs: "double.3", "single.*".
    by      (reference, row, column), in tokens.

    Raises TypeError for a model without rotations, ValueError for anything but three numbers.
    """
    names, shift = as_names("blocks", blocks), _three(by)
    config = _config_of(model)
    embed = EmbedND(config.theta, config.axes_dim)
    reader, picture = LayoutReader(), Places("tokens", PICTURE)

    def turn(
        k: Float[Tensor, "batch head seq head_dim"], at: At
    ) -> Float[Tensor, "batch head seq head_dim"]:
        inside = picture.inside(reader.layout, len(k))
        return rotate(k, embed(inside[..., None] * torch.tensor(shift, device=k.device)))

    return Intervention(
        builder="shift_key_ids",
        arguments={"blocks": names, "by": shift},
        edits={**reader.edits, **{f"{name}.attn.k": turn for name in names}},
    )


def _three(by: Iterable[float]) -> list[float]:
    given = list(by) if isinstance(by, Iterable) else [by]
    shift = [float(as_number("by", number)) for number in given]
    if len(shift) != 3:
        raise ValueError(
            f"by is {shift}, but three numbers are expected: (reference, row, column). (0, 0, 4) "
            f"is four tokens to the right."
        )
    return shift


def _config_of(model: Any) -> Any:
    flux = getattr(model, "flux", model)
    if not hasattr(flux, "config") or not hasattr(flux.config, "axes_dim"):
        raise TypeError(
            f"{type(model).__name__} does not tell how it rotates keys. Pass a pipeline or a Flux."
        )
    return flux.config
