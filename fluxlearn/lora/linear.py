"""A linear layer with low-rank patches beside it.

    y = W x + b + Σ m · (α / r) · (up · (down · x) + bias)          a sum over patches

The two narrow products cost 2 · r · (in + rows) operations a token beside the layer's
2 · in · rows; W itself is not touched, so taking the patches off gives back what was there.

Source: BFL flux/modules/lora.py `LinearLora`, which has one pair that covers all rows.
"""

from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.lora.patch import Patch


class LowRank(nn.Module):
    """One patch at work: a change for the output of a layer, from the layer's input.

    change = m · (α / r) · (up · (down · x) + bias)         zero in the rows outside of the patch

    The matrices are copies in the layer's precision. They can be trained: see `patch`.
    """

    def __init__(self, patch: Patch, layer: nn.Linear, strength: float) -> None:
        super().__init__()
        self.down, self.up = _copy(patch.down, layer), _copy(patch.up, layer)
        self.bias = None if patch.bias is None else _copy(patch.bias, layer)
        self.alpha, self.strength = patch.alpha, strength
        self.above, self.below = patch.first, layer.out_features - patch.last

    def forward(self, x: Float[Tensor, "*batch _"]) -> Float[Tensor, "*batch _"]:
        linear = nn.functional.linear
        change = linear(linear(x, self.down), self.up, self.bias)
        scaled = self.strength * self.alpha / self.down.shape[0] * change
        return nn.functional.pad(scaled, (self.above, self.below))

    def extra_repr(self) -> str:
        """What is shown where the model is printed."""
        first, last = self.above, self.above + self.up.shape[0] - 1
        rank = self.down.shape[0]
        return f"rank={rank}, alpha={self.alpha:g}, rows={first}…{last}, strength={self.strength:g}"

    def patch(self) -> Patch:
        """The patch with the values that it has now, after training."""
        down, up = self.down.detach().clone(), self.up.detach().clone()
        bias = None if self.bias is None else self.bias.detach().clone()
        return Patch(down=down, up=up, alpha=self.alpha, first=self.above, bias=bias)


class LinearLora(nn.Linear):
    """A linear layer that has patches; its weight and bias are those of the plain layer.

    y = W x + b + Σ patch(x)

    State-dict keys are the plain layer's, and `patches.0.down`, `.up`, `.bias` for each patch.

    Source: BFL flux/modules/lora.py `LinearLora`.
    """

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__(plain.in_features, plain.out_features, device="meta")
        self.weight, self.bias = plain.weight, plain.bias
        self.patches = nn.ModuleList()
        # Behind the back of nn.Module, which would list the layer as a part of this one.
        self.__dict__["plain"] = plain

    def forward(self, x: Float[Tensor, "*batch _"]) -> Float[Tensor, "*batch _"]:
        y = super().forward(x)
        for patch in self.patches:
            y = y + patch(x)
        return y

    def take_off(self) -> nn.Linear:
        """The plain layer, with the weights that are here now."""
        plain: nn.Linear = self.__dict__["plain"]
        plain.weight, plain.bias = self.weight, self.bias
        return plain


def linear_at(model: nn.Module, name: str) -> nn.Linear:
    """The linear layer of this name, with or without patches."""
    return cast(nn.Linear, model.get_submodule(name))


def _copy(tensor: Tensor, layer: nn.Linear) -> nn.Parameter:
    return nn.Parameter(tensor.detach().to(layer.weight, copy=True), requires_grad=False)
