"""Shift, scale and gate."""

import pytest
import torch
from tiny_models import FLUX, randomise

from fluxlearn.model.last_layer import LastLayer
from fluxlearn.model.modulation import Modulation, modulate

DIM = 4


def always(modulation, values):
    """Make a modulation give these values, whatever the vector says."""
    torch.nn.init.zeros_(modulation.weight)
    modulation.bias.data = values


def test_zero_shift_and_scale_leave_a_stream_alone():
    x, zero = torch.randn(2, 5, DIM), torch.zeros(2, 1, DIM)

    assert torch.equal(modulate(x, shift=zero, scale=zero), x)


def test_scale_stretches_by_one_more_than_itself_and_shift_is_added_after():
    x, one = torch.randn(2, 5, DIM), torch.ones(2, 1, DIM)

    assert torch.equal(modulate(x, shift=3 * one, scale=one), 2 * x + 3)


@pytest.mark.parametrize("branches", [1, 2])
def test_a_modulation_gives_shift_scale_gate_in_this_order(branches):
    modulation = Modulation(DIM, branches)
    always(modulation.lin, torch.arange(3.0 * branches).repeat_interleave(DIM))

    given = modulation(torch.randn(2, DIM))

    firsts = [(m.shift[0, 0, 0], m.scale[0, 0, 0], m.gate[0, 0, 0]) for m in given]
    assert firsts == [(3 * b, 3 * b + 1, 3 * b + 2) for b in range(branches)]


def test_a_modulation_reads_the_vector_through_silu():
    modulation, vec = Modulation(DIM, branches=1), torch.randn(2, DIM)
    torch.nn.init.eye_(modulation.lin.weight)
    torch.nn.init.zeros_(modulation.lin.bias)

    (given,) = modulation(vec)

    torch.testing.assert_close(given.shift[:, 0], vec * torch.sigmoid(vec))


def test_the_last_layer_reads_shift_before_scale():
    layer = randomise(LastLayer(FLUX))
    dim = FLUX.hidden_size
    always(layer.adaLN_modulation[1], torch.cat([torch.full((dim,), 3.0), torch.zeros(dim)]))
    x = torch.randn(2, 5, dim)

    velocity = layer(x, torch.randn(2, dim))

    normed = torch.nn.functional.layer_norm(x, (dim,), eps=1e-6)
    torch.testing.assert_close(velocity, layer.linear(normed + 3))
