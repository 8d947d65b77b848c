"""Counting: the formulas agree exactly with the weights and with torch's own counter."""

from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import FLUX, SCHNELL
from torch.utils.flop_counter import FlopCounterMode

from fluxlearn.config import PRESETS, RELEASES, FluxConfig
from fluxlearn.export.count import count
from fluxlearn.export.formulas import parts, written
from fluxlearn.export.inputs import FORWARD, example_inputs
from fluxlearn.model.flux import Flux

lengths = st.integers(1, 9)


@st.composite
def configs(draw):
    """Any sizes that a Flux can be built with, small; as keywords."""
    axes = tuple(2 * draw(st.integers(1, 3)) for _ in range(3))
    heads = draw(st.integers(1, 3))
    widths = ("in_channels", "out_channels", "vec_in_dim", "context_in_dim")
    depths = ("depth", "depth_single_blocks")
    return {
        **{name: draw(st.integers(1, 9)) for name in widths},
        **{name: draw(st.integers(0, 2)) for name in depths},
        **{name: draw(st.booleans()) for name in ("qkv_bias", "guidance_embed")},
        "hidden_size": heads * sum(axes),
        "num_heads": heads,
        "axes_dim": axes,
        "mlp_ratio": draw(st.sampled_from([1.0, 2.5, 4.0])),
        "theta": 10_000,
    }


def shapes_only(config):
    """A model without weights."""
    with torch.device("meta"):
        return Flux(config)


def counted_by_torch(flux, batch, img, txt):
    """FLOPs of one call by module: `double_blocks.0.img_mlp` → a number; "" is the whole."""
    # On the meta device; among CPU tensors torch's counter overlooks fused attention.
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        flux(**example_inputs(flux, batch, img, txt))
    return {
        module.partition(".")[2]: sum(flops.values())
        for module, flops in counter.get_flop_counts().items()
        if module != "Global"
    }


@settings(max_examples=8)
@given(configs(), lengths, lengths, lengths)
def test_flops_equal_those_of_torchs_counter(sizes, batch, img, txt):
    config = FluxConfig(**sizes)
    by_torch = counted_by_torch(shapes_only(config), batch, img, txt)

    assert count(config, batch=batch, img=img, txt=txt).flops == by_torch[""]


@settings(max_examples=8)
@given(configs())
def test_parameters_equal_those_of_the_model(sizes):
    config = FluxConfig(**sizes)
    held = sum(weight.numel() for weight in shapes_only(config).parameters())

    assert count(config).parameters == held


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_every_parts_flops_equal_those_of_its_modules(config):
    by_torch = counted_by_torch(shapes_only(config), batch=2, img=6, txt=5)
    spent = Counter()

    for row in count(config, batch=2, img=6, txt=5).rows:
        modules = [name for name in by_torch if fnmatchcase(name, row.part.name)]
        modules = [m for m in modules if m.count(".") == row.part.name.count(".")]
        if not row.part.name.endswith("attention"):
            assert row.flops == sum(by_torch[name] for name in modules), row.part.name
        spent[row.part.name.split("_blocks")[0]] += row.flops

    for kind, blocks in {"double": config.depth, "single": config.depth_single_blocks}.items():
        assert spent[kind] == sum(by_torch[f"{kind}_blocks.{i}"] for i in range(blocks))


def test_every_parts_parameters_equal_those_of_its_modules():
    state = shapes_only(FLUX).state_dict()
    left = set(state)

    for row in count(FLUX).rows:
        keys = {key for key in left if fnmatchcase(key, f"{row.part.name}.*")}
        assert row.parameters == sum(state[key].numel() for key in keys), row.part.name
        left -= keys

    assert not left


def test_one_call_of_flux_dev_takes_74_tflop():
    at_1024_pixels = count(PRESETS["flux-dev"], img=4096, txt=512)

    assert at_1024_pixels.flops == 74_384_653_418_496
    by_torch = counted_by_torch(shapes_only(PRESETS["flux-dev"]), batch=1, img=4096, txt=512)
    assert by_torch[""] == at_1024_pixels.flops


@pytest.mark.parametrize("name", RELEASES)
def test_parameters_are_those_of_the_published_models(name):
    assert count(PRESETS[name]).parameters == RELEASES[name].parameters


def test_modulation_holds_a_quarter_of_flux_dev_and_takes_next_to_no_time():
    total = count(PRESETS["flux-dev"])
    rows = [total["double_blocks.*.*_mod"], total["single_blocks.*.modulation"]]

    assert sum(row.parameters for row in rows) / total.parameters > 0.25
    assert sum(row.flops for row in rows) / total.flops < 0.001


def test_attentions_share_grows_with_the_number_of_tokens():
    def share(img):
        total = count(PRESETS["flux-dev"], img=img)
        attention = [row.flops for row in total.rows if row.part.name.endswith("attention")]
        return sum(attention) / total.flops

    assert share(1024) < share(4096) < share(8192)
    assert round(share(4096), 3) == 0.200


def test_a_formula_is_written_in_the_words_of_the_axes():
    formulas = {part.name: part.cost for part in parts(FLUX)}

    assert written(formulas["img_in"].parameters) == "dim·patch + dim"
    assert written(formulas["img_in"].flops) == "2·batch·dim·img·patch"
    assert written(formulas["double_blocks.* attention"].flops) == "4·batch·dim·seq²"


def test_the_table_of_formulas_has_a_line_for_each_part_and_columns_that_do_not_touch():
    lines = count(FLUX).formulas().splitlines()

    assert len(lines) == 1 + len(parts(FLUX))
    assert all(line[29] == " " and line[71] == " " for line in lines)


def test_the_table_ends_with_the_sums():
    total = count(replace(FLUX, depth=1))

    assert repr(total).splitlines()[-1].split() == [
        "all",
        f"{total.parameters:,}",
        f"{total.flops:,}",
    ]


def test_a_part_is_found_by_name():
    assert count(FLUX)["img_in"].parameters == 16 * 32 + 32
    with pytest.raises(KeyError, match="There is txt_in"):
        count(FLUX)["img"]


def test_a_length_below_one_is_refused():
    with pytest.raises(ValueError, match="txt is 0, but at least 1"):
        count(FLUX, txt=0)


def test_example_inputs_are_named_and_shaped_as_the_signature_says():
    import inspect
    from typing import get_args

    told = {}
    for name, parameter in inspect.signature(Flux.forward).parameters.items():
        if name != "self":
            annotation = parameter.annotation
            of = [a for a in get_args(annotation) if hasattr(a, "dim_str")] or [annotation]
            told[name] = of[0].dim_str.strip()

    assert told == FORWARD


def test_example_inputs_follow_the_models_dtype_but_positions_stay_float32():
    inputs = example_inputs(shapes_only(FLUX).to(torch.bfloat16), batch=1, img=2, txt=3)

    assert {name for name, x in inputs.items() if x.dtype == torch.float32} == {
        "img_ids",
        "txt_ids",
    }
    assert "guidance" not in example_inputs(shapes_only(SCHNELL), batch=1, img=2, txt=3)
