"""What a picture of a size in pixels will hold in memory, said before it is painted."""

from collections.abc import Iterable
from functools import lru_cache, partial

import torch

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.config import AutoencoderConfig, FluxConfig
from fluxlearn.memory.budget import Budget, Lengths, activations, estimate
from fluxlearn.memory.dry_run import peak_bytes
from fluxlearn.memory.free import make_sure_of
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.canvas import Canvas
from fluxlearn.sampling.tokens import token_grid


def budget(
    config: FluxConfig,
    *,
    height: int = 1024,
    width: int = 1024,
    text: int = 512,
    batch: int = 1,
    dtype: torch.dtype = torch.bfloat16,
    mode: str = "inference",
    points: Iterable[str] = (),
) -> Budget:
    """The bytes that a flow model will hold, before anything is allocated; prints as a table.

    height, width  of the pictures, in pixels.
    text           text tokens, padding included.
    batch          pictures painted or trained on together.
    dtype          of the weights and of all that is computed.
    mode           "inference", "training", "checkpointed" (gradient checkpointing), or "lora"
                   (only low-rank patches are trained).
    points         names or globs of what is recorded, of one model call.

    Text encoders and autoencoder are not in it, nor is what CUDA itself takes.

    Raises ValueError for sizes that are not multiples of 16, and for any other bad value.
    """
    rows, columns = token_grid(height, width)
    lengths = Lengths(batch=batch, img=rows * columns, txt=text)
    return estimate(config, lengths, dtype, mode, points)


def make_sure_of_room(flux: Flux, autoencoder: AutoEncoder, canvas: Canvas, txt: int) -> None:
    """Warn if painting needs more memory than is free: a model call, or the decoding after it.

    txt  text tokens.

    Raises TooLargeError if there is not so much memory at all.
    """
    rows, columns = token_grid(canvas.height, canvas.width)
    lengths = Lengths(batch=canvas.batch, img=rows * columns, txt=txt)
    weight = flux.img_in.weight
    needed = max(
        activations(flux.config, lengths, weight.dtype),
        decoding(autoencoder.config, canvas.batch, canvas.height, canvas.width),
    )
    what = f"painting {canvas.batch} × {canvas.width} × {canvas.height} pixels"
    make_sure_of(needed, weight.device, what, "Paint fewer or smaller pictures at a time.")


@lru_cache
def decoding(config: AutoencoderConfig, batch: int, height: int, width: int) -> int:
    """The bytes that an autoencoder holds besides its weights while it makes pictures, in float32.

    height, width  of the pictures, in pixels.
    """
    with torch.device("meta"):
        autoencoder = AutoEncoder(config)
        step = config.downscale
        latents = torch.empty(batch, config.z_channels, height // step, width // step)
    with torch.no_grad():
        known = [*autoencoder.parameters(), latents]
        return peak_bytes(partial(autoencoder.decode, latents), known)
