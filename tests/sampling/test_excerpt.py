"""An excerpt is the beginning of the same painting, as far as it is looked at."""

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.excerpt import choose_steps, paint_until, states_at
from fluxlearn.sampling.solvers import SOLVERS


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("last", [0, 1, 3])
def test_an_excerpt_has_the_paintings_own_states_up_to_its_last_step(solver, last):
    pipe, prompt, options = tiny_pipeline(), tiny_conditioning(), {"steps": 4, "solver": solver}
    whole = [state for state in pipe.steps(prompt, **options) if state.index <= last]

    excerpt = list(paint_until(pipe, prompt, last, options))

    assert [s.time for s in excerpt] == [s.time for s in whole]
    for ours, theirs in zip(excerpt, whole, strict=True):
        assert torch.equal(ours.x_next, theirs.x_next)


def test_states_are_those_of_the_wanted_steps_and_of_every_call_in_them():
    options = {"steps": 3, "solver": "midpoint"}

    states = states_at(tiny_pipeline(), tiny_conditioning(), (0, 2), options)

    assert [state.index for state in states] == [0, 0, 2, 2]


def test_steps_are_one_or_several_or_all():
    pipe = tiny_pipeline()

    assert choose_steps(pipe, 2, {}) == (2,)
    assert choose_steps(pipe, [2, 0, 2], {}) == (0, 2)
    assert choose_steps(pipe, None, {}) == (0, 1, 2)
    assert choose_steps(pipe, None, {"steps": 5}) == (0, 1, 2, 3, 4)


def test_a_start_image_leaves_fewer_steps():
    start = {"start_image": torch.zeros(3, 32, 32), "strength": 0.5, "steps": 4}

    assert choose_steps(tiny_pipeline(), None, start) == (0, 1)


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("step", [-1, 3, 1.0, True, "1", [0, 3], []])
def test_a_step_that_is_not_there_is_refused(step):
    with pytest.raises(ValueError, match="step is"):
        choose_steps(tiny_pipeline(), step, {})
