"""Ours beside diffusers', module by module."""

import pytest
import torch
from tiny_models import FLUX, SCHNELL, tiny_flux, tiny_inputs
from twins import diffusers

from fluxlearn.export.twin import shared_values, twin_errors, twin_of

pytestmark = pytest.mark.reference


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_every_module_gives_what_diffusers_gives(config):
    flux = tiny_flux(config)

    errors = twin_errors(flux, twin_of(flux), tiny_inputs(config))

    assert list(errors) == [row.point for row in shared_values(config)]
    # float32, and every value beside the largest of its tensor.
    assert max(errors.values()) < 1e-5


def test_an_error_shows_where_it_begins_and_not_before():
    flux = tiny_flux()
    twin = twin_of(flux)
    weight = torch.randn(twin.norm_out.linear.weight.shape)
    twin.norm_out.load_state_dict({"linear.weight": weight}, strict=False, assign=True)

    errors = twin_errors(flux, twin, tiny_inputs())

    wrong = [point for point, error in errors.items() if error > 1e-5]
    assert wrong == ["final.mod", "out.velocity"]


def test_nothing_stays_hooked():
    flux = tiny_flux()
    twin = twin_of(flux)

    twin_errors(flux, twin, tiny_inputs())

    assert isinstance(twin, diffusers.FluxTransformer2DModel)
    assert not any(module._forward_hooks for module in twin.modules())


def test_the_twin_holds_our_tensors_and_hardly_a_copy():
    flux = tiny_flux()
    ours = {p.untyped_storage().data_ptr() for p in flux.parameters()}

    theirs = {
        name.rpartition(".")[0]
        for name, p in twin_of(flux).named_parameters()
        if p.untyped_storage().data_ptr() not in ours
    }

    # Shift and scale of the last layer come in the other order, so they are written anew.
    assert theirs == {"norm_out.linear"}
