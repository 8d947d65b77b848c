"""An exponential moving average of the weights: what is shipped is smoother than what is trained.

    w̄ ← d · w̄ + (1 − d) · w            d = min(decay, (1 + step) / (10 + step))

The decay grows with the step, so that the average does not remember the random start.
"""

import copy

import torch
from torch import nn


class Average:
    """Follows a model; `model` is the averaged copy."""

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay is {decay} but must lie in [0, 1). 0.999 is usual.")
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int) -> None:
        """Move the average a little towards the model's weights after a step."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for averaged, fresh in zip(self.model.parameters(), model.parameters(), strict=True):
            averaged.lerp_(fresh, 1 - decay)

    def state_dict(self) -> dict:
        """The averaged weights."""
        return self.model.state_dict()

    def load_state_dict(self, state: dict) -> None:
        """Go on from averaged weights."""
        self.model.load_state_dict(state)
