"""A recognised checkpoint under our names, from which any tensor can be taken alone."""

from collections.abc import Iterator

from torch import Tensor

from fluxlearn.checkpoints.checkpoint import Weights
from fluxlearn.checkpoints.diffusers import Config, put_together
from fluxlearn.checkpoints.names import autoencoder_pairs, flux_pairs
from fluxlearn.checkpoints.recognise import Recognised
from fluxlearn.config import FluxConfig


class Renamed(Weights):
    """diffusers' tensors by our names; each is put together when it is asked for."""

    def __init__(self, theirs: Weights, config: Config) -> None:
        """Take tensors by diffusers' names; which there must be, the config tells."""
        pairs = flux_pairs(config) if isinstance(config, FluxConfig) else autoencoder_pairs(config)
        self.theirs, self.pairs = theirs, {pair.bfl: pair for pair in pairs}

    def __getitem__(self, name: str) -> Tensor:
        pair = self.pairs[name]
        return put_together(pair, [self.theirs[part] for part in pair.diffusers])

    def __contains__(self, name: object) -> bool:
        return name in self.pairs

    def __iter__(self) -> Iterator[str]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


def renamed(state: Weights, found: Recognised) -> Weights:
    """The tensors of a recognised checkpoint by our names."""
    return state if found.names == "bfl" else Renamed(state, found.config)
