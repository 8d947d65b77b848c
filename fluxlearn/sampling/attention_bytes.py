"""How many bytes attention would hold, and how few are needed to see what words get.

FLUX.1-dev, 1024 × 1024 pixels, 28 steps, 8 words, float32:

    one head of one block                                   4608² · 4 B       84.9 MB
    all probabilities of one block                     24 · 4608² · 4 B       2.04 GB
    all probabilities of a picture           28 · 57 · 24 · 4608² · 4 B       3.25 TB
    maps of 8 words, every head         28 · 57 · 24 · 4096 · 8 · 4 B         5.02 GB
    maps of 8 words, mean of heads           28 · 57 · 4096 · 8 · 4 B         209 MB

4608 tokens are 4096 of the picture and 512 of the text.
"""

from dataclasses import dataclass

from fluxlearn.config import FluxConfig
from fluxlearn.sampling.tokens import token_grid
from fluxlearn.trace.sizes import readable

ITEM = 4  # bytes of a float32


@dataclass(frozen=True, kw_only=True)
class AttentionBytes:
    """What one picture's attention holds, in bytes; prints as a table."""

    head: int  # the whole matrix of one head of one block
    block: int  # of all heads of one block
    picture: int  # of all heads, blocks and steps
    maps_by_head: int  # of the words only, heads apart
    maps: int  # of the words only, averaged over heads

    def __repr__(self) -> str:
        rows = {
            "one head of one block": self.head,
            "all probabilities of one block": self.block,
            "all probabilities of a picture": self.picture,
            "maps of words, every head": self.maps_by_head,
            "maps of words, mean of heads": self.maps,
        }
        return "\n".join(f"{name:<34}{readable(count):>10}" for name, count in rows.items())


def estimate(
    config: FluxConfig, height: int, width: int, steps: int, words: int, txt: int = 512
) -> AttentionBytes:
    """Bytes of one picture's attention in float32: all of it, and the maps of some words.

    height, width  of the picture, in pixels.
    words          how many are mapped.
    txt            text tokens, padding included.

    Raises ValueError for sizes that are not multiples of 16.
    """
    rows, columns = token_grid(height, width)
    img = rows * columns
    head = ITEM * (txt + img) ** 2
    block = head * config.num_heads
    calls = steps * (config.depth + config.depth_single_blocks)
    maps = ITEM * img * words * calls
    return AttentionBytes(
        head=head,
        block=block,
        picture=block * calls,
        maps_by_head=maps * config.num_heads,
        maps=maps,
    )
