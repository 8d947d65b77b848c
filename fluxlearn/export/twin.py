"""diffusers' transformer with our weights, and how far both are apart, module by module.

    twin = twin_of(pipe.flux)
    errors = twin_errors(pipe.flux, twin, inputs)
    errors["double.0.img.attn_out"]         largest |ours − theirs| / largest |theirs|

Both were written by different people and store their weights under different names. SHARED says
where one of their modules gives what one of our points holds.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fluxlearn.checkpoints.diffusers import diffusers_sizes, to_diffusers
from fluxlearn.config import FluxConfig
from fluxlearn.export.packages import need
from fluxlearn.model.flux import Flux
from fluxlearn.trace.record import record


class Shared(NamedTuple):
    """One value that both compute."""

    point: str  # ours
    module: str  # theirs, whose output it is
    take: Callable[[Any], Tensor] = lambda output: output  # … or this part of the output


def _first(output: Any) -> Tensor:
    return output[0]


def _second(output: Any) -> Tensor:
    return output[1]


def _joined(output: Any) -> Tensor:
    return torch.cat(output, dim=1)


# fmt: off
FIRST = (
    Shared("embed.txt",      "context_embedder"),
    Shared("embed.img",      "x_embedder"),
    Shared("vec",            "time_text_embed"),
)
DOUBLE = (
    Shared("img.attn_in",    "norm1", _first),
    Shared("txt.attn_in",    "norm1_context", _first),
    Shared("img.attn_out",   "attn", _first),
    Shared("txt.attn_out",   "attn", _second),
    Shared("img.mlp_out",    "ff"),
    Shared("img.resid_post", "", _second),
    Shared("txt.mlp_out",    "ff_context"),
    Shared("txt.resid_post", "", _first),
)
SINGLE = (
    Shared("x_mod",          "norm", _first),
    Shared("z",              "attn"),
    Shared("mlp_act",        "act_mlp"),
    Shared("out",            "proj_out"),
    Shared("resid_post",     "", _joined),
)
LAST = (
    Shared("final.mod",      "norm_out"),
    Shared("out.velocity",   "proj_out"),
)
# fmt: on


def shared_values(config: FluxConfig) -> list[Shared]:
    """Every value that both compute in a model of these sizes, in order of execution."""
    rows = list(FIRST)
    for i in range(config.depth):
        rows += _inside(DOUBLE, f"double.{i}", f"transformer_blocks.{i}")
    for i in range(config.depth_single_blocks):
        rows += _inside(SINGLE, f"single.{i}", f"single_transformer_blocks.{i}")
    return [*rows, *LAST]


def twin_of(flux: Flux) -> nn.Module:
    """diffusers' transformer with a Flux's weights; wherever possible it is the same memory.

    Raises ValueError for sizes that diffusers cannot represent, or when it is not installed.
    """
    need("diffusers", extra="reference")
    from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel

    with torch.device("meta"):
        twin = FluxTransformer2DModel(**diffusers_sizes(flux.config))
    twin.load_state_dict(to_diffusers(flux.state_dict(), flux.config), assign=True)
    return twin.eval().requires_grad_(False)


def their_arguments(inputs: Mapping[str, Tensor]) -> dict[str, Any]:
    """`Flux.forward`'s arguments as diffusers' transformer takes them: ids without a batch axis."""
    return {
        "hidden_states": inputs["img"],
        "img_ids": inputs["img_ids"][0],
        "encoder_hidden_states": inputs["txt"],
        "txt_ids": inputs["txt_ids"][0],
        "timestep": inputs["timesteps"],
        "pooled_projections": inputs["y"],
        "guidance": inputs.get("guidance"),
        "return_dict": False,
    }


@torch.no_grad()
def twin_errors(flux: Flux, twin: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, float]:
    """By how much each shared value differs, beside the largest of theirs.

    inputs  the arguments of `Flux.forward`, by name.
    """
    rows = shared_values(flux.config)
    with record(flux, [row.point for row in rows]) as ours:
        flux(**inputs)
    with _listening(twin, rows) as theirs:
        twin(**their_arguments(inputs))
    return {row.point: _difference(ours[row.point], theirs[row.point]) for row in rows}


def _difference(ours: Tensor, theirs: Tensor) -> float:
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def _inside(rows: tuple[Shared, ...], block: str, module: str) -> list[Shared]:
    return [
        row._replace(point=f"{block}.{row.point}", module=f"{module}.{row.module}".rstrip("."))
        for row in rows
    ]


@contextmanager
def _listening(twin: nn.Module, rows: list[Shared]) -> Iterator[dict[str, Tensor]]:
    """Keep what their modules give while the block runs."""
    seen: dict[str, Tensor] = {}

    def keep(row: Shared) -> Any:
        def hook(module: nn.Module, arguments: Any, output: Any) -> None:
            seen[row.point] = row.take(output)

        return twin.get_submodule(row.module).register_forward_hook(hook)

    hooks = [keep(row) for row in rows]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
