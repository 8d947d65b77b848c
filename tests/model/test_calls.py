"""Whoever listens to model calls hears those of one model, and disturbs nobody."""

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.model.attribution import attribute
from fluxlearn.model.lens import lens
from fluxlearn.trace.find import NeverFiredError
from fluxlearn.trace.record import record

LISTENERS = {"lens": lens, "attribute": attribute}

pytestmark = pytest.mark.parametrize("listen", LISTENERS.values(), ids=LISTENERS)


def test_listening_changes_nothing_and_recorders_hear_the_model_only(listen):
    flux, inputs = tiny_flux(), tiny_inputs()
    with record(flux, "*") as alone:
        expected = flux(**inputs)

    with record(flux, "*") as outer, listen(flux), record(flux, "*") as inner:
        seen = flux(**inputs)

    assert torch.equal(seen, expected)
    for recorded in (outer, inner):
        assert list(recorded) == list(alone)
        assert all(recorded[name].shape == alone[name].shape for name in alone)


def test_what_another_model_does_is_not_heard(listen):
    flux, other, inputs = tiny_flux(), tiny_flux(), tiny_inputs()

    with listen(flux) as calls:
        other(**inputs)
        flux(**inputs)

    assert len(calls) == 1


def test_a_call_that_never_came_is_told(listen):
    with pytest.raises(NeverFiredError, match=r"no model call was seen at steps \[7\]"):
        with listen(pipe := tiny_pipeline(), steps=[7]):
            pipe.paint(tiny_conditioning())
