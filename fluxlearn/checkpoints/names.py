"""Two sets of names for the same weights, as a table: BFL's, which are ours, and diffusers'.

Each row is a layer: its name here, its name or names there, and how its tensors are related.

    same     it is the same tensor
    scale    it is the same, called `scale` by BFL and `weight` by diffusers
    split    BFL stacks layers that read the same input into one; diffusers keeps them apart
    swap     BFL computes (shift, scale), diffusers (scale, shift): the halves change places
    flat     BFL has a 1 × 1 convolution [out, in, 1, 1], diffusers a linear layer [out, in]

Sizes come from the config, so that every width and depth can be converted.

Source: diffusers loaders/single_file_utils.py, where the sizes of FLUX.1-dev are written out.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fluxlearn.config import AutoencoderConfig, FluxConfig


class Row(NamedTuple):
    """One layer of the table."""

    bfl: str
    diffusers: str  # several names, separated by spaces, where one layer of ours is several there
    how: str = "same"
    heights: str = ""  # split only: the rows of each part, in words of the axis legend


class Pair(NamedTuple):
    """One tensor here and the tensor, or the parts of it, there."""

    bfl: str
    diffusers: tuple[str, ...]
    how: str
    heights: tuple[int, ...]  # split only: the rows of each part


# fmt: off
OUTSIDE = (
    Row("img_in",                         "x_embedder"),
    Row("txt_in",                         "context_embedder"),
    Row("time_in.in_layer",               "time_text_embed.timestep_embedder.linear_1"),
    Row("time_in.out_layer",              "time_text_embed.timestep_embedder.linear_2"),
    Row("vector_in.in_layer",             "time_text_embed.text_embedder.linear_1"),
    Row("vector_in.out_layer",            "time_text_embed.text_embedder.linear_2"),
    Row("final_layer.adaLN_modulation.1", "norm_out.linear", "swap"),
    Row("final_layer.linear",             "proj_out"),
)
GUIDANCE = (
    Row("guidance_in.in_layer",           "time_text_embed.guidance_embedder.linear_1"),
    Row("guidance_in.out_layer",          "time_text_embed.guidance_embedder.linear_2"),
)
DOUBLE = (
    Row("img_mod.lin",                    "norm1.linear"),
    Row("img_attn.qkv",                   "attn.to_q attn.to_k attn.to_v", "split", "dim dim dim"),
    Row("img_attn.norm.query_norm",       "attn.norm_q", "scale"),
    Row("img_attn.norm.key_norm",         "attn.norm_k", "scale"),
    Row("img_attn.proj",                  "attn.to_out.0"),
    Row("img_mlp.0",                      "ff.net.0.proj"),
    Row("img_mlp.2",                      "ff.net.2"),
    Row("txt_mod.lin",                    "norm1_context.linear"),
    Row("txt_attn.qkv",                   "attn.add_q_proj attn.add_k_proj attn.add_v_proj",
                                          "split", "dim dim dim"),
    Row("txt_attn.norm.query_norm",       "attn.norm_added_q", "scale"),
    Row("txt_attn.norm.key_norm",         "attn.norm_added_k", "scale"),
    Row("txt_attn.proj",                  "attn.to_add_out"),
    Row("txt_mlp.0",                      "ff_context.net.0.proj"),
    Row("txt_mlp.2",                      "ff_context.net.2"),
)
SINGLE = (
    Row("modulation.lin",                 "norm.linear"),
    Row("linear1",                        "attn.to_q attn.to_k attn.to_v proj_mlp",
                                          "split", "dim dim dim hidden"),
    Row("norm.query_norm",                "attn.norm_q", "scale"),
    Row("norm.key_norm",                  "attn.norm_k", "scale"),
    Row("linear2",                        "proj_out"),
)

# The autoencoder: both ends of each half, a residual block, its shortcut, the middle's attention.
ENDS = (
    Row("conv_in",                        "conv_in"),
    Row("norm_out",                       "conv_norm_out"),
    Row("conv_out",                       "conv_out"),
)
RESIDUAL = (
    Row("norm1",                          "norm1"),
    Row("conv1",                          "conv1"),
    Row("norm2",                          "norm2"),
    Row("conv2",                          "conv2"),
)
SHORTCUT = (
    Row("nin_shortcut",                   "conv_shortcut"),
)
ATTENTION = (
    Row("norm",                           "group_norm"),
    Row("q",                              "to_q", "flat"),
    Row("k",                              "to_k", "flat"),
    Row("v",                              "to_v", "flat"),
    Row("proj_out",                       "to_out.0", "flat"),
)
# fmt: on


def flux_pairs(config: FluxConfig) -> list[Pair]:
    """Every tensor of a transformer of these sizes, and where it is in diffusers."""
    rows = [*OUTSIDE, *(GUIDANCE if config.guidance_embed else ())]
    for i in range(config.depth):
        rows += _inside(DOUBLE, f"double_blocks.{i}", f"transformer_blocks.{i}")
    for i in range(config.depth_single_blocks):
        rows += _inside(SINGLE, f"single_blocks.{i}", f"single_transformer_blocks.{i}")
    sizes = {"dim": config.hidden_size, "hidden": config.mlp_hidden}
    return [pair for row in rows for pair in _tensors(row, sizes)]


def autoencoder_pairs(config: AutoencoderConfig) -> list[Pair]:
    """Every tensor of an autoencoder of these sizes, and where it is in diffusers."""
    return [pair for row in _autoencoder_rows(config) for pair in _tensors(row, {})]


def _autoencoder_rows(config: AutoencoderConfig) -> Iterator[Row]:
    for half in ("encoder", "decoder"):
        yield from _inside(ENDS, half, half)
        middle, there = f"{half}.mid", f"{half}.mid_block"
        yield from _inside(RESIDUAL, f"{middle}.block_1", f"{there}.resnets.0")
        yield from _inside(ATTENTION, f"{middle}.attn_1", f"{there}.attentions.0")
        yield from _inside(RESIDUAL, f"{middle}.block_2", f"{there}.resnets.1")

    widths, last = config.ch_mult, len(config.ch_mult) - 1
    blocks = config.num_res_blocks
    for i, width in enumerate(widths):
        down, there = f"encoder.down.{i}", f"encoder.down_blocks.{i}"
        yield from _level(down, there, blocks, widened=width != (1, *widths)[i])
        if i < last:
            yield Row(f"{down}.downsample.conv", f"{there}.downsamplers.0.conv")

        # BFL numbers the decoder's levels as the encoder's, diffusers in the order they run.
        up, there = f"decoder.up.{i}", f"decoder.up_blocks.{last - i}"
        yield from _level(up, there, blocks + 1, widened=width != (*widths, widths[-1])[i + 1])
        if i > 0:
            yield Row(f"{up}.upsample.conv", f"{there}.upsamplers.0.conv")


def _level(bfl: str, diffusers: str, blocks: int, widened: bool) -> Iterator[Row]:
    for j in range(blocks):
        rows = RESIDUAL + SHORTCUT if widened and j == 0 else RESIDUAL
        yield from _inside(rows, f"{bfl}.block.{j}", f"{diffusers}.resnets.{j}")


def _inside(rows: Sequence[Row], bfl: str, diffusers: str) -> list[Row]:
    return [
        row._replace(
            bfl=f"{bfl}.{row.bfl}",
            diffusers=" ".join(f"{diffusers}.{name}" for name in row.diffusers.split()),
        )
        for row in rows
    ]


def _tensors(row: Row, sizes: dict[str, int]) -> Iterator[Pair]:
    layers, heights = row.diffusers.split(), tuple(sizes[word] for word in row.heights.split())
    if row.how == "scale":
        yield Pair(f"{row.bfl}.scale", tuple(f"{name}.weight" for name in layers), "same", ())
        return
    for tensor in ("weight", "bias"):
        how = "same" if row.how == "flat" and tensor == "bias" else row.how
        there = tuple(f"{name}.{tensor}" for name in layers)
        yield Pair(f"{row.bfl}.{tensor}", there, how, heights)
