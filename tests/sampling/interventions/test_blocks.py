"""Bypassed blocks do nothing, and a block does nothing but write."""

import pytest
import torch
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn.config import PRESETS
from fluxlearn.model.points import flux_points
from fluxlearn.sampling.interventions.blocks import block_names, bypass, writes
from fluxlearn.sampling.interventions.values import scale
from fluxlearn.trace.edit import edit

BLOCKS = ("double.0", "double.1", "single.0", "single.1")


def test_all_blocks_are_named_in_order():
    assert block_names(tiny_flux()) == BLOCKS


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_without_its_writes_is_a_block_bypassed(block):
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, bypass(block)):
        bypassed = flux(**inputs)
    with edit(flux, scale(writes(block), 0)):
        silenced = flux(**inputs)

    assert torch.equal(bypassed, silenced)
    assert not torch.equal(bypassed, flux(**inputs))


def test_the_writes_of_every_block_of_flux_are_points():
    names = {point.name for point in flux_points(PRESETS["flux-dev"])}
    blocks = [name.removesuffix(".bypass") for name in names if name.endswith(".bypass")]

    assert len(blocks) == 57
    assert {point for block in blocks for point in writes(block)} <= names
