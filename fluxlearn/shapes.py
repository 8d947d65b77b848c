"""The axis legend: every dimension name used anywhere in the package.

A shape is written in words, in type annotations (`Float[Tensor, "batch img dim"]`), in einops
patterns (`"batch channel (h ph) (w pw) -> …"`) and in the tables of points. This file is the one
place where the words are explained; a test fails on any word that is missing here.

The sizes are those of FLUX.1-dev painting one 1024 × 1024 picture with 512 text tokens.
"""

from typing import NamedTuple


class Axis(NamedTuple):
    """What one axis counts, and how long it is in FLUX.1 (None where it has no fixed length)."""

    meaning: str
    flux: int | None


AXES: dict[str, Axis] = {
    # What the transformer works on.
    "batch": Axis("pictures painted together", 1),
    "img": Axis("image tokens, (height / 2) · (width / 2), row by row", 4096),
    "txt": Axis("text tokens, padded to a fixed length", 512),
    "seq": Axis("txt + img: the joint sequence, text first", 4608),
    "dim": Axis("width of the residual stream", 3072),
    "head": Axis("attention heads", 24),
    "head_dim": Axis("channels of one head, dim / head", 128),
    "pair": Axis("rotation planes of one head, head_dim / 2", 64),
    "hidden": Axis("inner width of an MLP, 4 · dim", 12288),
    "axis": Axis("position axes: reference index, row, column", 3),
    "patch": Axis("values of one image token, channel · 2 · 2", 64),
    "vec": Axis("width of the pooled text vector from CLIP", 768),
    "context": Axis("width of one text token from T5", 4096),
    "freq": Axis("channels of a sinusoidal embedding", 256),
    "qkv": Axis("query, key and value", 3),
    "chunk": Axis("shift, scale and gate of each branch of a block", 6),
    "query": Axis("tokens that look: the joint sequence, or some of it", None),
    "region": Axis("named groups of tokens that are looked at: words, padding, the picture", None),
    "concept": Axis("concepts that are looked for in a picture", None),
    "block": Axis("blocks that are looked into", 57),
    "part": Axis("what the velocity is a sum of: heads, MLPs, biases", 1505),
    # Latents and pictures.
    "channel": Axis("channels of a latent", 16),
    "height": Axis("rows of a latent, px_h / 8", 128),
    "width": Axis("columns of a latent, px_w / 8", 128),
    "h": Axis("rows of tokens, height / 2", 64),
    "w": Axis("columns of tokens, width / 2", 64),
    "ph": Axis("rows inside one patch", 2),
    "pw": Axis("columns inside one patch", 2),
    "cell_h": Axis("rows of pixels inside one latent cell", 8),
    "cell_w": Axis("columns of pixels inside one latent cell", 8),
    "rgb": Axis("colour channels", 3),
    "px_h": Axis("rows of a picture", 1024),
    "px_w": Axis("columns of a picture", 1024),
    "feature": Axis("channels inside the autoencoder", None),
    # Everything else.
    "step": Axis("recorded sampling steps", None),
    "depth": Axis("places along the residual stream: the embedding, then every block", 58),
    "branch": Axis("modulated parts of all blocks, from the first to the last", 115),
    "time": Axis("points of a sampling schedule", None),
    "objects": Axis("things in a toy scene", None),
    "word": Axis("words of captions that are looked for in pictures", None),
}
