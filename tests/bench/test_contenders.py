"""All ways of making a step do the same work, and ours keep a GPU busy."""

from dataclasses import replace

import pytest
import torch
from tiny_models import FLUX, SCHNELL
from torch.utils._python_dispatch import TorchDispatchMode

from fluxlearn.bench.contenders import CONTENDERS, ours, ours_with_maps
from fluxlearn.bench.subject import Size, draw, full_size
from fluxlearn.sampling.canvas import Canvas

CPU = torch.device("cpu")


def subject(config=FLUX, seed=0):
    """A small model of random weights, half way through a picture of 32 × 48 pixels."""
    size = Size(config=config, canvas=Canvas(batch=2, height=32, width=48), txt=5)
    return draw(size, CPU, torch.float32, seed)


@pytest.mark.reference
@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
@pytest.mark.parametrize("name", [name for name in CONTENDERS if "compiled" not in name])
def test_all_contenders_make_the_same_velocity(config, name):
    pytest.importorskip("diffusers", reason="compares with diffusers")
    drawn = subject(config)

    velocity = CONTENDERS[name](drawn)()

    assert velocity.std() > 0.1, "random weights give more than zeros"
    torch.testing.assert_close(velocity, ours(drawn)(), atol=1e-5, rtol=0)


def test_a_seed_draws_the_same_model_again():
    first, second, other = (ours(subject(seed=seed))() for seed in (1, 1, 2))

    assert torch.equal(first, second)
    assert not torch.equal(first, other)


class Watch(TorchDispatchMode):
    """Notes what would make a host wait for its GPU, and what would be computed in float64."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal")

    def __init__(self):
        super().__init__()
        self.waits, self.wide, self.calls = [], [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        name = func.overloadpacket.__name__
        if name in self.WAITING:
            self.waits.append(name)
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor) and made.dtype == torch.float64:
            self.wide.append(name)
        return made


def watched(contender, config=FLUX):
    """One step, seen."""
    step = contender(subject(config))
    step()
    with Watch() as watch:
        step()
    assert watch.calls > 50
    return watch


def test_a_step_never_waits_for_a_gpu_and_needs_no_float64():
    watch = watched(ours)

    assert (watch.waits, watch.wide) == ([], [])


def test_maps_wait_before_the_first_block_only():
    waits = {depth: watched(ours_with_maps, replace(FLUX, depth=depth)).waits for depth in (1, 4)}

    assert waits[1] == waits[4]


def test_the_watch_sees_what_it_looks_for():
    with Watch() as watch:
        torch.ones(2).double().sum().item()

    assert watch.waits and watch.wide


def test_a_published_model_can_be_taken_in_part():
    size = full_size("flux-schnell", side=512, txt=256, depth=2, depth_single_blocks=3)

    assert (size.config.depth, size.config.depth_single_blocks, size.img) == (2, 3, 1024)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"name": "flux-9"}, "'flux-9' is no published model.*flux-dev"),
        ({"side": 1000}, "1000"),
        ({"txt": 0}, "txt is 0"),
        ({"depth": -1}, "depth"),
    ],
)
def test_impossible_sizes_are_refused(asked, told):
    with pytest.raises(ValueError, match=told):
        full_size(**asked)
