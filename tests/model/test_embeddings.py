"""Numbers as vectors of cosines and sines."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxlearn.model.embeddings import MLPEmbedder, timestep_embedding


@given(t=st.floats(0, 1, width=32))
def test_a_time_is_embedded_as_cosines_then_sines_of_a_thousand_times_itself(t):
    frequencies = [10_000 ** (-k / 128) for k in range(128)]
    angles = [1000 * t * f for f in frequencies]
    expected = [*map(math.cos, angles), *map(math.sin, angles)]

    embedded = timestep_embedding(torch.tensor([t]))[0]

    # Angles reach 1000, where neighbouring float32 numbers are 6e-5 apart; each errs by a few.
    torch.testing.assert_close(embedded, torch.tensor(expected), atol=5e-4, rtol=0)


def test_time_zero_is_ones_then_zeros():
    embedded = timestep_embedding(torch.zeros(1))

    assert embedded[0, :128].eq(1).all() and embedded[0, 128:].eq(0).all()


@pytest.mark.parametrize(("t", "rounded"), [(0.73, 732.0), (0.5, 500.0), (3.5, 3504.0)])
def test_a_thousand_times_t_is_rounded_in_the_dtype_of_t_as_in_bfl(t, rounded):
    embedded = timestep_embedding(torch.tensor([t], dtype=torch.bfloat16))

    expected = timestep_embedding(torch.tensor([rounded / 1000]))
    # bf16 keeps 8 bits of values up to 1.
    torch.testing.assert_close(embedded.float(), expected, atol=4e-3, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_embedding_has_the_dtype_of_its_time(dtype):
    assert timestep_embedding(torch.ones(2, dtype=dtype), channels=8).dtype == dtype


def test_an_embedder_is_linear_silu_linear():
    embedder, x = MLPEmbedder(6, 4), torch.randn(3, 6)

    hidden = x @ embedder.in_layer.weight.T + embedder.in_layer.bias
    hidden = hidden * torch.sigmoid(hidden)
    expected = hidden @ embedder.out_layer.weight.T + embedder.out_layer.bias

    torch.testing.assert_close(embedder(x), expected)
