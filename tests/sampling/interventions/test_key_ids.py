"""Shifted keys are the keys that the model would have had at other positions."""

import torch
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn.model.rope import EmbedND, rotate
from fluxlearn.sampling.interventions.key_ids import shift_key_ids
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

CLOSE = {"atol": 1e-5, "rtol": 0}  # two turns are rounded otherwise than one


def test_keys_are_rotated_as_at_the_shifted_positions():
    flux, inputs, block = tiny_flux(), tiny_inputs(), "double.1"
    parts = [f"{block}.txt.k", f"{block}.img.k", f"{block}.attn.k", "pe.ids"]

    with edit(flux, shift_key_ids(flux, block, (0, 3, -2))), record(flux, parts) as seen:
        flux(**inputs)

    ids = seen["pe.ids"].clone()
    ids[:, 5:] += torch.tensor([0.0, 3.0, -2.0])
    both = torch.cat([seen[f"{block}.txt.k"], seen[f"{block}.img.k"]], dim=2)
    expected = rotate(both, EmbedND(flux.config.theta, flux.config.axes_dim)(ids))
    torch.testing.assert_close(seen[f"{block}.attn.k"], expected, **CLOSE)


def test_queries_stay_where_they_are():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "double.0.attn.q") as plain:
        flux(**inputs)
    with edit(flux, shift_key_ids(flux, "*", (0, 4, 4))), record(flux, "double.0.attn.q") as seen:
        shifted = flux(**inputs)

    assert torch.equal(seen["double.0.attn.q"], plain["double.0.attn.q"])
    assert not torch.allclose(shifted, flux(**inputs))


def test_no_shift_changes_nothing():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)

    with edit(flux, shift_key_ids(flux, "*", (0, 0, 0))):
        torch.testing.assert_close(flux(**inputs), alone, **CLOSE)


def test_only_the_named_block_is_shifted():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "double.0.attn.k") as plain:
        flux(**inputs)
    with edit(flux, shift_key_ids(flux, "double.1", (0, 1, 0))):
        with record(flux, "double.0.attn.k") as seen:
            flux(**inputs)

    assert torch.equal(seen["double.0.attn.k"], plain["double.0.attn.k"])
