"""Everything that is ever added to the image stream, as a table.

    (1)  x = Σ gate · (W·a + b)                    a row a write

    block       a, a point           W, b                      gate, a point
    embedding   in.img               img_in                    1
    double i    double.i.img.z       img_attn.proj             double.i.img.mod.gate1
                double.i.img.mlp_act img_mlp.2                 double.i.img.mod.gate2
    single i    single.i.cat         linear2                   single.i.mod.gate

A write is linear in a, so it splits into the columns of W: those that read one attention head,
those that read the MLP's neurons. What is left is b, the same for every token: a part of its own.

The text stream has no row. It reaches the picture only through attention, inside the heads' z.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import nn

from fluxlearn.model.flux import Flux

KINDS = ("attention", "MLP", "picture", "bias")
"""What a part comes from: heads, neurons, the noised picture itself, or from nowhere."""


class Part(NamedTuple):
    """One term of a sum over all that was written."""

    block: str  # "embedding", "double 3", "single 0", "last layer"
    source: str  # "picture", "head 5", "MLP", "attention bias", …
    kind: str  # one of the KINDS

    def __str__(self) -> str:
        return f"{self.block} · {self.source}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Write:
    """One row of the table: gate · (W·a + b)."""

    point: str  # where a is seen
    gate: str  # where the gate is seen; "" where there is none
    linear: nn.Linear  # W and b
    columns: dict[Part, slice]  # the columns of W, by what they read
    bias: Part  # what b is called


def image_writes(flux: Flux) -> tuple[Write, ...]:
    """All writes to the image stream, in order of execution."""
    embedding = Write(
        point="in.img",
        gate="",
        linear=flux.img_in,
        columns={Part("embedding", "picture", "picture"): slice(None)},
        bias=Part("embedding", "bias", "bias"),
    )
    doubles = [w for i, b in enumerate(flux.double_blocks) for w in _of_double(f"double {i}", b)]
    singles = [_of_single(f"single {i}", block) for i, block in enumerate(flux.single_blocks)]
    return (embedding, *doubles, *singles)


def _of_double(name: str, block: Any) -> tuple[Write, Write]:
    attn = block.img_attn
    attention = Write(
        point=f"{block.path}.img.z",
        gate=f"{block.path}.img.mod.gate1",
        linear=attn.proj,
        columns=_heads(name, attn.num_heads, attn.proj.in_features),
        bias=Part(name, "attention bias", "bias"),
    )
    mlp = Write(
        point=f"{block.path}.img.mlp_act",
        gate=f"{block.path}.img.mod.gate2",
        linear=block.img_mlp[2],
        columns={Part(name, "MLP", "MLP"): slice(None)},
        bias=Part(name, "MLP bias", "bias"),
    )
    return attention, mlp


def _of_single(name: str, block: Any) -> Write:
    # linear2 reads z and the neurons side by side: its first dim columns belong to the heads.
    dim = block.linear2.out_features
    return Write(
        point=f"{block.path}.cat",
        gate=f"{block.path}.mod.gate",
        linear=block.linear2,
        columns=_heads(name, block.num_heads, dim) | {Part(name, "MLP", "MLP"): slice(dim, None)},
        bias=Part(name, "bias", "bias"),
    )


def _heads(name: str, heads: int, dim: int) -> dict[Part, slice]:
    width = dim // heads
    return {
        Part(name, f"head {h}", "attention"): slice(h * width, (h + 1) * width)
        for h in range(heads)
    }
