"""A name or a path → a pipeline that is ready to paint.

toy-dev      the trained miniature with embedded guidance: one model call a step
toy-base     its teacher, which paints by true guidance: two calls a step
a folder     the same layout as `fluxlearn/toy/weights`
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from fluxlearn.sampling.pipeline import Pipeline

WEIGHTS = Path(__file__).parent / "toy" / "weights"
TOYS = ("toy-dev", "toy-base")


def load(
    name: str | Path = "toy-dev",
    *,
    device: "str | torch.device" = "cpu",
    dtype: "torch.dtype | None" = None,
) -> "Pipeline":
    """Load text encoders, flow model and autoencoder.

    name    "toy-dev", "toy-base", or the path of a flow model's file in a folder of that layout.
    device  of all parts; prompts are encoded there too.
    dtype   of the flow model; float32 unless said. Text encoders and autoencoder stay in float32.

    Raises ValueError for an unknown name, FileNotFoundError or ValueError for a bad file.
    """
    import json

    import torch

    from fluxlearn.autoencoder.autoencoder import AutoEncoder
    from fluxlearn.checkpoints.read import read_model
    from fluxlearn.config import AutoencoderConfig, FluxConfig
    from fluxlearn.model.flux import Flux
    from fluxlearn.sampling.options import Defaults
    from fluxlearn.sampling.pipeline import Pipeline
    from fluxlearn.text.encoders import TextEncoders

    file = find_file(name)
    flux, metadata = read_model(file, FluxConfig, Flux, dtype or torch.float32)
    autoencoder, _ = read_model(file.parent / "ae.safetensors", AutoencoderConfig, AutoEncoder)
    text = TextEncoders.from_folder(file.parent)
    defaults = Defaults(**json.loads(metadata["defaults"]))
    return Pipeline(text.to(device), flux.to(device), autoencoder.to(device), defaults)


def find_file(name: str | Path) -> Path:
    """The flow model's file behind a name or path.

    Raises ValueError for a name that is neither.
    """
    if name in TOYS:
        return WEIGHTS / f"{name}.safetensors"
    path = Path(name)
    if path.is_file():
        return path
    raise ValueError(
        f"{str(name)!r} is no model and no file. There are {', '.join(TOYS)}; a path must lead to "
        f"a flow model's .safetensors file with ae.safetensors, clip and t5 beside it."
    )
