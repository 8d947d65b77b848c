"""What every test gets: checked shapes, a seed, a fixed number of threads.

An import hook makes beartype check each jaxtyping annotation of fluxlearn at every call. Strict
export and torch.compile cannot trace through these checks, so tests marked `compile` run in a
session of their own, with FLUXLEARN_SHAPE_CHECKS=0 (see `make test`).
"""

import os
import random

import hypothesis
import jaxtyping
import numpy as np
import pytest
import torch

SHAPE_CHECKS = os.environ.get("FLUXLEARN_SHAPE_CHECKS", "1") != "0"

if SHAPE_CHECKS:
    jaxtyping.install_import_hook("fluxlearn", "shape_checks.check")

# Examples are drawn anew from one seed each time, so that a failure can be repeated; no test here
# asserts anything about time.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")

# Sums depend on the number of threads in their last bits.
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))


def pytest_ignore_collect(collection_path, config):
    """Leave benchmarks to `make bench`: they measure, they do not test."""
    if "benchmarks" in collection_path.parts and not config.getoption("benchmark_only"):
        return True
    return None


def pytest_collection_modifyitems(config, items):
    """Leave the tests marked `compile` to the session without shape checks."""
    if not SHAPE_CHECKS:
        return
    compiled = [item for item in items if item.get_closest_marker("compile")]
    items[:] = [item for item in items if item not in compiled]
    config.hook.pytest_deselected(items=compiled)


@pytest.fixture(autouse=True)
def seed():
    """Every test starts from the same random state."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def unchecked_shapes():
    """Let a badly shaped argument reach our own error message instead of the shape check's."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
