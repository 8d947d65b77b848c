"""Values are stretched and replaced where they are named, and nowhere else."""

import pytest
import torch
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn.sampling.interventions.values import scale, set_to
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record


def test_a_gate_stretched_by_two_doubles_what_its_branch_writes():
    flux, inputs = tiny_flux(), tiny_inputs()
    point = "double.0.txt.mlp_write"

    with record(flux, point) as plain:
        flux(**inputs)
    with edit(flux, scale("double.0.txt.mod.gate2", 2)), record(flux, point) as stretched:
        flux(**inputs)

    assert torch.equal(stretched[point], 2 * plain[point])


def test_a_factor_of_one_changes_nothing():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)

    with edit(flux, scale("*.mod.*", 1)):
        assert torch.equal(flux(**inputs), alone)


def test_a_time_put_in_place_is_the_time_the_model_believes():
    flux, inputs = tiny_flux(), tiny_inputs()
    late = flux(**(inputs | {"timesteps": torch.full((2,), 0.25)}))

    with edit(flux, set_to("in.t", 0.25)):
        assert torch.equal(flux(**inputs), late)


def test_one_vector_serves_every_picture():
    flux, inputs, vector = tiny_flux(), tiny_inputs(batch=3), torch.randn(1, 32)

    with edit(flux, set_to("vec", vector)), record(flux, "vec") as seen:
        flux(**inputs)

    assert torch.equal(seen["vec"], vector.expand(3, 32))


@pytest.mark.usefixtures("unchecked_shapes")
def test_a_tensor_of_another_shape_is_refused_with_both_shapes():
    flux = tiny_flux()

    with pytest.raises(ValueError, match=r"'vec' is \(2, 32\), but .* is \(3, 32\)"):
        with edit(flux, set_to("vec", torch.zeros(3, 32))):
            flux(**tiny_inputs())


def test_what_is_no_tensor_cannot_be_scaled():
    flux = tiny_flux()

    with pytest.raises(TypeError, match=r"'single.0.bypass' is False.*bypass\(\)"):
        with edit(flux, scale("single.0.bypass", 2)):
            flux(**tiny_inputs())
