"""A compiled pipeline paints the same pictures, and can still be looked into."""

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

pytestmark = pytest.mark.compile

# The compiled path turns pairs of channels by matrices, and sums in another order.
TOLERANCE = {"atol": 1e-4, "rtol": 0}


@pytest.fixture
def traced():
    """What the compiler was given: one graph for each time that it traced the model call."""
    torch.compiler.reset()
    return []


@pytest.fixture
def pipeline(traced):
    """Compiled, with each graph kept."""
    pipeline = tiny_pipeline()
    pipeline.compile(backend=lambda graph, inputs: traced.append(graph) or graph)
    return pipeline


def test_a_compiled_pipeline_paints_the_same_picture(traced):
    pipeline, told = tiny_pipeline(), tiny_conditioning()
    expected = pipeline.paint(told, steps=3, seed=1)

    pipeline.compile(backend=lambda graph, inputs: traced.append(graph) or graph)
    picture = pipeline.paint(told, steps=3, seed=1)

    torch.testing.assert_close(picture.pixels, expected.pixels, **TOLERANCE)
    assert len(traced) == 1, "traced at the first step, and not again"


def test_every_step_of_a_compiled_pipeline_can_be_recorded(pipeline, traced):
    told = tiny_conditioning()

    with record(pipeline, "double.0.img.resid_post") as seen:
        pipeline.paint(told, steps=3, seed=1)

    assert len(seen["double.0.img.resid_post"]) == 3
    assert not traced


def test_a_compiled_pipeline_can_be_edited(pipeline):
    told = tiny_conditioning()
    painted = pipeline.paint(told, steps=2, seed=1)

    with edit(pipeline, {"double.0.img.mod.gate1": lambda gate, at: 0 * gate}):
        edited = pipeline.paint(told, steps=2, seed=1)

    assert not torch.allclose(edited.pixels, painted.pixels, **TOLERANCE)
    assert torch.equal(pipeline.paint(told, steps=2, seed=1).pixels, painted.pixels)
