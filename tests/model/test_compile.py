"""Compiling and exporting: taps leave no trace, and values stay the same."""

import pytest
import torch
from taps_removed import taps_removed
from tiny_models import FLUX, SCHNELL, tiny_flux, tiny_inputs

from fluxlearn.trace.record import record

pytestmark = pytest.mark.compile

# The compiled path turns pairs of channels by matrices, and sums in another order.
TOLERANCE = {"atol": 1e-5, "rtol": 0}
over_configs = pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])


@pytest.fixture(autouse=True)
def fresh_compiler():
    """Compiled code of one test must not serve another."""
    torch.compiler.reset()


def compiled(flux, graphs):
    """The model, traced as a whole, with each graph kept."""

    def keep(graph, inputs):
        graphs.append(graph.code)
        return graph

    return torch.compile(flux, fullgraph=True, backend=keep)


@over_configs
def test_a_compiled_model_computes_the_same_velocity(config):
    flux, inputs = tiny_flux(config), tiny_inputs(config)

    velocity = torch.compile(flux, fullgraph=True, backend="eager")(**inputs)

    torch.testing.assert_close(velocity, flux(**inputs), **TOLERANCE)


def test_taps_leave_no_trace_in_a_compiled_graph():
    flux, inputs, graphs = tiny_flux(), tiny_inputs(), []
    compiled(flux, graphs)(**inputs)
    torch.compiler.reset()

    with taps_removed():
        compiled(flux, graphs)(**inputs)

    with_taps, without_taps = graphs
    assert with_taps == without_taps


def test_taps_leave_no_trace_in_an_exported_graph():
    flux, inputs = tiny_flux(), tiny_inputs()
    with_taps = torch.export.export(flux, (), inputs)

    with taps_removed():
        without_taps = torch.export.export(flux, (), inputs)

    assert with_taps.graph_module.code == without_taps.graph_module.code


def test_an_exported_model_computes_the_same_velocity():
    flux, inputs = tiny_flux(), tiny_inputs()

    velocity = torch.export.export(flux, (), inputs).module()(**inputs)

    torch.testing.assert_close(velocity, flux(**inputs), **TOLERANCE)


def test_a_model_can_be_recorded_after_it_was_compiled():
    flux, inputs = tiny_flux(), tiny_inputs()
    model = torch.compile(flux, fullgraph=True, backend="eager")
    model(**inputs)

    with record(flux, "double.1.img.q") as seen:
        model(**inputs)

    assert seen["double.1.img.q"].shape == (2, FLUX.num_heads, 6, FLUX.head_dim)


def test_recording_does_not_compile_again():
    flux, inputs, graphs = tiny_flux(), tiny_inputs(), []
    model = compiled(flux, graphs)
    model(**inputs)

    with record(flux, "vec"):
        model(**inputs)
    model(**inputs)

    assert len(graphs) == 1


def test_one_graph_serves_every_time_and_prompt():
    flux, graphs = tiny_flux(), []
    model = compiled(flux, graphs)

    for _ in range(3):
        model(**tiny_inputs())

    assert len(graphs) == 1


def test_without_its_taps_the_model_computes_the_same_bits():
    flux, inputs = tiny_flux(), tiny_inputs()
    velocity = flux(**inputs)

    with taps_removed() as changed:
        assert torch.equal(flux(**inputs), velocity)

    assert changed > 10
