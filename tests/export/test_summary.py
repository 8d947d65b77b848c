"""torchinfo's table, with every module's parameters in it and FLOPs that are right."""

import re
from dataclasses import replace

import pytest
import torch
from tiny_models import FLUX, tiny_flux, tiny_pipeline

from fluxlearn.config import PRESETS
from fluxlearn.export.count import count
from fluxlearn.export.summary import summarise
from fluxlearn.model.flux import Flux

pytest.importorskip("torchinfo", reason="makes the table")


def rows(summary):
    """Name of each row's module → what stands in the row."""
    lines = [line for line in summary.splitlines() if "(" in line and "Layer" not in line]
    return {re.search(r"\((\w+)\)", line)[1]: line for line in lines if "FLOPs" not in line}


@pytest.fixture(scope="module")
def published():
    """FLUX.1-dev with two blocks of each kind, without weights."""
    with torch.device("meta"):
        flux = Flux(replace(PRESETS["flux-dev"], depth=2, depth_single_blocks=2))
    return summarise(flux)


def test_the_published_sizes_of_the_model_with_two_blocks_of_each_kind_come_out(published):
    blocks = [line for line in published.splitlines() if "StreamBlock" in line]

    assert "Parameters: 1,026,971,200" in published
    assert [line.split("]")[1].split()[0] for line in blocks] == [
        "339,831,296", "339,831,296", "141,591,808", "141,591,808",
    ]  # fmt: skip


def test_shapes_are_those_of_a_picture_of_1024_pixels(published):
    assert "[1, 4096, 3072]" in rows(published)["img_in"]
    assert "[1, 4096, 64]" in rows(published)["Flux"]


def test_flops_are_those_of_the_formulas(published):
    config = replace(PRESETS["flux-dev"], depth=2, depth_single_blocks=2)

    assert f"FLOPs of one call: {count(config).flops:,} (batch 1, img 4096, txt 512)" in published


def test_every_module_stands_once_with_its_parameters():
    flux = tiny_flux()

    table = summarise(flux, depth=3, img=6, txt=5)

    attention = sum(w.numel() for w in flux.double_blocks[0].img_attn.parameters())
    lines = [line for line in table.splitlines() if "(img_attn)" in line]
    assert len(lines) == FLUX.depth
    assert all(f"({attention:,})" in line for line in lines)  # in brackets: not to be trained
    assert "recursive" not in table


def test_nothing_stays_hooked_and_the_mode_stays():
    flux = tiny_flux().train()

    summarise(flux, img=6, txt=5)

    assert not any(m._forward_hooks or m._forward_pre_hooks for m in flux.modules())
    assert all(module.training for module in flux.modules())


def test_nothing_stays_hooked_after_an_exception():
    flux = tiny_flux()
    flux.final_layer.forward = lambda *_: 1 / 0

    with pytest.raises(RuntimeError, match="Failed to run torchinfo"):
        summarise(flux, img=6, txt=5)

    assert not any(m._forward_hooks or m._forward_pre_hooks for m in flux.modules())


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("model", "options", "error", "words"),
    [
        (tiny_pipeline, {}, TypeError, "pass pipe.flux"),
        (tiny_flux, {"depth": 0}, ValueError, "depth is 0"),
        (tiny_flux, {"img": 0}, ValueError, "img is 0"),
    ],
)
def test_a_mistake_is_told(model, options, error, words):
    with pytest.raises(error, match=words):
        summarise(model(), **options)
