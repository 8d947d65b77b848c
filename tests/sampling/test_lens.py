"""The velocity lens over a painting: estimates by step and depth."""

import numpy as np
import pytest
import torch
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.lens import lens_pictures, velocity_lens
from fluxlearn.sampling.solvers import SOLVERS


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return tiny_pipeline()


@pytest.fixture
def seen(pipe):
    return velocity_lens(pipe, tiny_conditioning(), step=(0, 2), height=32, width=48)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_last_column_is_the_paintings_own_estimate_bit_for_bit(pipe, solver):
    prompt, options = tiny_conditioning(), {"steps": 3, "seed": 4, "solver": solver}
    states = [state for state in pipe.steps(prompt, **options) if state.index in (0, 2)]

    seen = velocity_lens(pipe, prompt, step=(0, 2), **options)

    assert seen.times == tuple(state.time for state in states)
    assert seen.steps == tuple(state.index for state in states)
    assert torch.equal(seen.x0_hat[:, -1], torch.stack([state.x0_hat for state in states]))
    assert torch.equal(seen.velocity[:, -1], torch.stack([state.velocity for state in states]))


def test_rows_are_steps_and_columns_are_depths(seen):
    assert seen.velocity.shape == seen.x0_hat.shape == (2, 5, 2, 6, 16)
    assert seen.depths == ("embedding", "double 0", "double 1", "single 0", "single 1")


def test_one_step_is_one_row_and_none_are_all(pipe):
    assert velocity_lens(pipe, tiny_conditioning(), step=1).steps == (1,)
    assert velocity_lens(pipe, tiny_conditioning()).steps == (0, 1, 2)


def test_the_distance_is_relative_to_the_velocity_and_ends_at_zero(seen):
    distance = seen.distance()

    assert distance.shape == (2, 5, 2)
    assert (distance[:, -1] == 0).all() and (distance[:, :-1] > 0).all()
    first, last = seen.velocity[1, 0, 1], seen.velocity[1, -1, 1]
    np.testing.assert_allclose(distance[1, 0, 1], (first - last).norm() / last.norm(), rtol=1e-5)


def test_estimates_are_decoded_as_pictures_of_the_paintings_size(pipe, seen):
    pictures = lens_pictures(pipe, seen)

    assert pictures.shape == (2, 5, 2, 3, 32, 48)
    assert torch.equal(pictures[1, 3], pipe.decode(seen.x0_hat[1, 3], 32, 48))


def test_some_depths_can_be_chosen(pipe, seen):
    chosen = lens_pictures(pipe, seen, depths=[0, -1])

    assert torch.equal(chosen, lens_pictures(pipe, seen)[:, [0, 4]])
