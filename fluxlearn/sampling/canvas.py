"""Canvas: what is painted on, and what the model is shown with it.

    image tokens of a model call = (noise ++ beside)  ++  reference
                                    in each token         more tokens

Only the noise changes from step to step, and only its velocity is followed.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.sampling.inputs.kontext import Reference
from fluxlearn.sampling.positions import image_ids


@dataclass(frozen=True, kw_only=True, eq=False)
class Canvas:
    """How many pictures of which size are painted, with which pictures in view."""

    batch: int
    height: int  # pixels
    width: int  # pixels
    beside: Float[Tensor, "1 img _"] | None = None  # of control or fill
    reference: Reference | None = None  # of Kontext

    def ids(self) -> Float[Tensor, "batch img axis"]:
        """Coordinates of all image tokens: of the picture, then of the reference."""
        ids = image_ids(self.batch, self.height, self.width)
        if self.reference is None:
            return ids
        return torch.cat([ids, self.reference.ids.expand(self.batch, -1, -1)], dim=1)

    def show(self, x: Float[Tensor, "batch _ _"]) -> Float[Tensor, "batch img patch"]:
        """All image tokens that the model is shown together with these of the noise."""
        if self.beside is not None:
            x = torch.cat([x, self.beside.to(x).expand(self.batch, -1, -1)], dim=2)
        if self.reference is not None:
            x = torch.cat([x, self.reference.tokens.to(x).expand(self.batch, -1, -1)], dim=1)
        return x
