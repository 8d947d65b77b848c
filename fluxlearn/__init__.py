"""fluxlearn: learn how FLUX.1 works by running it, looking inside, and changing it.

    import fluxlearn as fl

    fl.setup(seed=0)
    pipe = fl.load("toy-dev")
    pipe.paint("a large red circle left of a small blue square on a white background")

The public names, in reading order. Importing the package imports none of them yet.
"""

from typing import TYPE_CHECKING, Any

# These have modules of their own name, which would hide them if they came in lazily.
from fluxlearn.load import load
from fluxlearn.load_redux import load_redux
from fluxlearn.setup import setup
from fluxlearn.show import show

if TYPE_CHECKING:
    from fluxlearn import lora
    from fluxlearn.autoencoder.autoencoder import AutoEncoder
    from fluxlearn.catalogue import explain, points
    from fluxlearn.config import PRESETS, RELEASES, AutoencoderConfig, FluxConfig
    from fluxlearn.exercises.check import check
    from fluxlearn.exercises.compare import compare
    from fluxlearn.exercises.hints import hint, solution
    from fluxlearn.exercises.predict import predict, reveal
    from fluxlearn.export.netron import netron
    from fluxlearn.model.flux import Flux
    from fluxlearn.sampling.attend import attend
    from fluxlearn.sampling.budget import budget
    from fluxlearn.sampling.walk import walk
    from fluxlearn.text.conditioning import Conditioning
    from fluxlearn.trace.edit import edit
    from fluxlearn.trace.record import record
    from fluxlearn.trace.stop import stop_after

__version__ = "0.1.0"

_HOMES = {
    "Flux": "fluxlearn.model.flux",
    "FluxConfig": "fluxlearn.config",
    "AutoEncoder": "fluxlearn.autoencoder.autoencoder",
    "AutoencoderConfig": "fluxlearn.config",
    "PRESETS": "fluxlearn.config",
    "RELEASES": "fluxlearn.config",
    "Conditioning": "fluxlearn.text.conditioning",
    "points": "fluxlearn.catalogue",
    "explain": "fluxlearn.catalogue",
    "record": "fluxlearn.trace.record",
    "attend": "fluxlearn.sampling.attend",
    "edit": "fluxlearn.trace.edit",
    "lora": "fluxlearn.lora",
    "budget": "fluxlearn.sampling.budget",
    "netron": "fluxlearn.export.netron",
    "stop_after": "fluxlearn.trace.stop",
    "walk": "fluxlearn.sampling.walk",
    "predict": "fluxlearn.exercises.predict",
    "reveal": "fluxlearn.exercises.predict",
    "check": "fluxlearn.exercises.check",
    "compare": "fluxlearn.exercises.compare",
    "hint": "fluxlearn.exercises.hints",
    "solution": "fluxlearn.exercises.hints",
}

__all__ = [
    "PRESETS",
    "RELEASES",
    "AutoEncoder",
    "AutoencoderConfig",
    "Conditioning",
    "Flux",
    "FluxConfig",
    "attend",
    "budget",
    "check",
    "compare",
    "edit",
    "explain",
    "hint",
    "load",
    "load_redux",
    "lora",
    "netron",
    "points",
    "predict",
    "record",
    "reveal",
    "setup",
    "show",
    "solution",
    "stop_after",
    "walk",
]


def __getattr__(name: str) -> Any:
    """Fetch a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"fluxlearn has no {name!r}. There is {', '.join(__all__)}.")
    from importlib import import_module

    home = import_module(_HOMES[name])
    value = home if home.__name__ == f"fluxlearn.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
