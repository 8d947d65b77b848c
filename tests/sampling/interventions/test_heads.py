"""An ablated head gathers nothing, and the others gather what they did."""

import pytest
import torch
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn.sampling.interventions.heads import ablate_heads
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record


@pytest.mark.parametrize("block", ["double.0", "single.0"])
def test_only_the_named_head_is_silent(block):
    flux, inputs, point = tiny_flux(), tiny_inputs(), f"{block}.attn.z"

    with record(flux, point) as whole:
        flux(**inputs)
    with edit(flux, ablate_heads(block, [1])), record(flux, point) as seen:
        flux(**inputs)

    assert (seen[point][:, 1] == 0).all()
    assert torch.equal(seen[point][:, 0], whole[point][:, 0])


def test_what_a_head_added_is_its_own_part_of_the_projection():
    flux, inputs, block = tiny_flux(), tiny_inputs(), "double.0"

    with record(flux, [f"{block}.attn.z", f"{block}.img.attn_out"]) as whole:
        flux(**inputs)
    with edit(flux, ablate_heads(block, [0])), record(flux, f"{block}.img.attn_out") as without:
        flux(**inputs)

    z = whole[f"{block}.attn.z"][:, 0, 5:]  # the first head, the picture's tokens
    part = z @ flux.double_blocks[0].img_attn.proj.weight[:, :16].T
    lost = whole[f"{block}.img.attn_out"] - without[f"{block}.img.attn_out"]
    torch.testing.assert_close(lost, part, atol=1e-5, rtol=0)


def test_a_head_that_is_not_there_is_refused_with_the_number_of_heads():
    flux = tiny_flux()

    with pytest.raises(IndexError, match=r"heads are \[2\], but double.1 has 2"):
        with edit(flux, ablate_heads("double.1", [2])):
            flux(**tiny_inputs())
