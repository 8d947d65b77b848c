"""How many bytes a model's weights will take, told from the headers of its files.

whole       n · s                                       n parameters of s bytes
streamed    what is outside of the blocks, and two of the largest block
"""

from collections.abc import Iterable
from math import prod
from pathlib import Path

import torch

from fluxlearn.checkpoints.read import shapes_in_our_names
from fluxlearn.checkpoints.recognise import Recognised
from fluxlearn.memory.free import make_sure_of


def weight_bytes(found: Recognised, dtype: torch.dtype, streamed: bool = False) -> int:
    """The bytes of a flow model's weights in memory.

    dtype  in which they will be; the file may hold them in another.
    """
    blocks: dict[str, int] = {}
    outside = 0
    for name, shape in shapes_in_our_names(found).items():
        kind, _, rest = name.partition(".")
        count = dtype.itemsize * prod(shape)
        if kind in ("double_blocks", "single_blocks"):
            block = f"{kind}.{rest.split('.')[0]}"
            blocks[block] = blocks.get(block, 0) + count
        else:
            outside += count
    there = 2 * max(blocks.values(), default=0) if streamed else sum(blocks.values())
    return outside + there


def make_sure_of_weights(
    found: Recognised,
    dtype: torch.dtype,
    device: str | torch.device,
    streamed: bool,
    text: Iterable[Path],
) -> None:
    """Warn if a flow model and its text encoders need more memory than is free.

    text  the folders or files of the text encoders.

    Raises TooLargeError if there is not so much memory at all.
    """
    encoders = sum(file.stat().st_size for place in text for file in _files(place))
    cures = ["load only its first blocks with depth= and depth_single_blocks="]
    if not streamed:
        cures.insert(0, "leave its blocks on the disk with stream=True")
    if encoders:
        cures.append("leave the text encoders out with text=False")
    if dtype.itemsize > 2:
        cures.append("take dtype=torch.bfloat16")
    needed = weight_bytes(found, dtype, streamed) + encoders
    what = f"loading {found.checkpoint.source}"
    make_sure_of(needed, device, what, f"The cure: {', or '.join(cures)}.")


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.glob("*.safetensors"))
