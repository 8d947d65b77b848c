"""Modulation over time: all of it is known before the first step."""

import numpy as np
import pytest
import torch
from tiny_models import FLUX, SCHNELL, tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.modulations import modulations
from fluxlearn.trace.record import record
from fluxlearn.trace.tap import handling

# One product for all steps sums in another order than one for each.
REORDERED = {"atol": 1e-5, "rtol": 1e-5}

STREAMS = {"img": "image", "txt": "text"}
POINTS = {
    f"double {i} · {name} {what}": f"double.{i}.{stream}.mod.{{}}{number}"
    for i in range(FLUX.depth)
    for stream, name in STREAMS.items()
    for number, what in ((1, "attention"), (2, "MLP"))
} | {"single 0": "single.0.mod.{}", "single 1": "single.1.mod.{}", "last layer": "final.{}"}


def made(config=FLUX, guidance_by="embedded"):
    """A pipeline and a prompt for two pictures."""
    return tiny_pipeline(config, guidance_by), tiny_conditioning(config)


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_they_are_what_a_painting_uses(config):
    pipe, prompt = made(config, "embedded" if config.guidance_embed else "none")
    with record(pipe, ["*.mod.*", "final.shift", "final.scale"]) as seen:
        picture = pipe.paint(prompt)

    table = modulations(pipe, prompt)

    assert table.times == picture.times[:-1]
    assert table.branches == tuple(POINTS)
    for i, point in enumerate(POINTS.values()):
        for part in ("shift", "scale", "gate"):
            if (name := point.format(part)) != "final.gate":
                expected = seen[name][:, :, 0].numpy()
                np.testing.assert_allclose(getattr(table, part)[:, i], expected, **REORDERED)


def test_the_last_layer_has_no_gate():
    table = modulations(*made())

    assert np.isnan(table.gate[:, -1]).all()
    assert not np.isnan(table.gate[:, :-1]).any()
    assert not np.isnan(table.shift).any() and not np.isnan(table.scale).any()


def test_no_block_runs_and_no_modulation_is_heard():
    pipe, prompt = made()
    heard = []

    def hear(owner, name, value):
        heard.append(name)
        return value

    with handling(hear):
        modulations(pipe, prompt)

    assert heard == ["in.latent"]  # of the noise that a painting would begin with


def test_the_seed_does_not_matter_and_guidance_does():
    pipe, prompt = made()
    table = modulations(pipe, prompt)

    np.testing.assert_array_equal(modulations(pipe, prompt, seed=5).gate, table.gate)
    assert not np.allclose(modulations(pipe, prompt, guidance=1.5).shift, table.shift)


def test_sizes_and_means_have_a_row_a_branch_and_a_column_a_step():
    table = modulations(*made(), steps=4)

    assert table.shift.shape == (4, 11, 2, 32)
    for summary in (table.sizes(), table.means()):
        assert {name: values.shape for name, values in summary.items()} == {
            "shift": (11, 4), "scale": (11, 4), "gate": (11, 4),
        }  # fmt: skip
    channels = torch.from_numpy(table.scale[2, 3])
    np.testing.assert_allclose(table.sizes()["scale"][3, 2], channels.square().mean().sqrt(), 1e-5)
    np.testing.assert_allclose(table.means()["scale"][3, 2], channels.mean(), atol=1e-6)
