"""`setup` makes a notebook repeatable, and says in one line what it did."""

import random

import matplotlib as mpl
import numpy as np
import pytest
import torch

from fluxlearn.plots.style import THEMES
from fluxlearn.setup import setup


@pytest.fixture(autouse=True)
def restored():
    """Leave threads, style and cuDNN as they were."""
    threads, cudnn = torch.get_num_threads(), torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic
    with mpl.rc_context():
        yield
    torch.set_num_threads(threads)
    cudnn.benchmark, cudnn.deterministic = before


def draws():
    return random.random(), float(np.random.rand()), torch.rand(()).item()


def test_the_same_seed_repeats_every_source_of_random_numbers():
    setup(seed=3)
    first = draws()
    setup(seed=3)

    assert draws() == first


def test_another_seed_changes_every_source_of_random_numbers():
    setup(seed=3)
    first = draws()
    setup(seed=4)

    assert all(a != b for a, b in zip(draws(), first, strict=True))


def test_it_fixes_the_threads_and_the_look():
    setup(threads=1, theme="dark")

    assert torch.get_num_threads() == 1
    assert mpl.rcParams["figure.facecolor"] == THEMES["dark"].card


def test_it_says_in_one_line_what_it_did():
    version = torch.__version__.split("+")[0]

    assert setup(seed=7) == f"seed 7, 2 CPU threads, torch {version}, light figures"


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "whole number"),
        ({"threads": 0}, "threads is 0"),
        ({"theme": "sepia"}, "light, dark"),
    ],
)
def test_a_wrong_argument_is_refused_and_changes_nothing(wrong, words):
    before = torch.initial_seed(), torch.get_num_threads()

    with pytest.raises(ValueError, match=words):
        setup(**wrong)

    assert (torch.initial_seed(), torch.get_num_threads()) == before
