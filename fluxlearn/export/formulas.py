"""What every part costs, by formula: parameters that it holds, FLOPs that it takes.

A linear layer from m to n channels that works on s tokens, and attention among s tokens, cost

    (1)  linear m → n       m·n + n parameters      2·s·m·n FLOPs
    (2)  attention          none                    4·s²·dim FLOPs: q·kᵀ, then the sum of values

for each picture of a batch. A FLOP is one multiplication or one addition. Only matrix products are
counted, as `torch.utils.flop_counter` does: biases, norms, GELU, gates and rotations are left out.

The formulas are sympy expressions in the axis words of `shapes.py`, so they can be read, evaluated,
solved and drawn. `count.py` puts numbers in.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sympy import Add, Expr, Integer, symbols

from fluxlearn.config import FluxConfig

_whole: dict[str, Any] = {"positive": True, "integer": True}
batch, img, txt, seq = symbols("batch img txt seq", **_whole)
dim, head_dim, hidden = symbols("dim head_dim hidden", **_whole)
patch, out, context, vec, freq = symbols("patch out context vec freq", **_whole)

NOTHING = Integer(0)


class Cost(NamedTuple):
    """What a part holds and takes."""

    parameters: Expr
    flops: Expr


@dataclass(frozen=True)
class Part:
    """One part of a model, or of each of its blocks of a kind."""

    name: str  # a glob of module names; "… attention" where the part is no module
    times: int  # how often the model has it
    cost: Cost  # of one, with both streams where a block has two


def linear(m: Expr, n: Expr, tokens: Expr, bias: bool = True) -> Cost:
    """A linear layer from m to n channels on so many tokens, equation (1)."""
    return Cost(m * n + n * int(bias), 2 * tokens * m * n)


def attention() -> Cost:
    """Attention over the joint sequence, equation (2)."""
    return Cost(NOTHING, 4 * batch * seq**2 * dim)


def parts(config: FluxConfig) -> tuple[Part, ...]:
    """Every part of a model, in order of execution."""
    first = {
        "txt_in": linear(context, dim, batch * txt),
        "vector_in": _embedder(vec),
        "guidance_in": _embedder(freq),
        "img_in": linear(patch, dim, batch * img),
        "time_in": _embedder(freq),
    }
    if not config.guidance_embed:
        del first["guidance_in"]
    last = {
        "final_layer.adaLN_modulation": linear(dim, 2 * dim, batch),
        "final_layer.linear": linear(dim, out, batch * img),
    }
    groups = (
        (1, first),
        (config.depth, _double_block(config.qkv_bias)),
        (config.depth_single_blocks, _single_block()),
        (1, last),
    )
    return tuple(Part(name, times, cost) for times, group in groups for name, cost in group.items())


def _double_block(qkv_bias: bool) -> dict[str, Cost]:
    modulation = linear(dim, 6 * dim, batch)
    block = "double_blocks.*"
    return {
        f"{block}.*_mod": _together(modulation, modulation),
        f"{block}.*_attn.qkv": _both_streams(dim, 3 * dim, qkv_bias),
        f"{block}.*_attn.norm": Cost(4 * head_dim, NOTHING),
        f"{block} attention": attention(),
        f"{block}.*_attn.proj": _both_streams(dim, dim),
        f"{block}.*_mlp": _together(_both_streams(dim, hidden), _both_streams(hidden, dim)),
    }


def _single_block() -> dict[str, Cost]:
    block = "single_blocks.*"
    return {
        f"{block}.modulation": linear(dim, 3 * dim, batch),
        f"{block}.linear1": linear(dim, 3 * dim + hidden, batch * seq),
        f"{block}.norm": Cost(2 * head_dim, NOTHING),
        f"{block} attention": attention(),
        f"{block}.linear2": linear(dim + hidden, dim, batch * seq),
    }


def _embedder(channels: Expr) -> Cost:
    return _together(linear(channels, dim, batch), linear(dim, dim, batch))


def _both_streams(m: Expr, n: Expr, bias: bool = True) -> Cost:
    """A linear layer for the text tokens and one for the image tokens: together seq tokens."""
    one = linear(m, n, batch * seq, bias)
    return Cost(2 * one.parameters, one.flops)


def _together(*costs: Cost) -> Cost:
    return Cost(Add(*(c.parameters for c in costs)), Add(*(c.flops for c in costs)))


def written(expression: Expr) -> str:
    """An expression with · and ², as the rest of the package writes it."""
    return str(expression).replace("**2", "²").replace("*", "·")
