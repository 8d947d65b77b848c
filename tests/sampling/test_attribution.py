"""Attribution over a painting: shares and sizes of parts, step by step."""

import numpy as np
import pytest
import torch
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.model.attribution import attribute
from fluxlearn.sampling.attribution import attribute_painting


@pytest.fixture(scope="module")
def painting():
    torch.manual_seed(0)
    return tiny_pipeline(), tiny_conditioning()


@pytest.fixture(scope="module")
def seen(painting):
    return attribute_painting(*painting, step=(0, 2))


def test_numbers_are_those_of_the_parts_themselves(painting, seen):
    pipe, prompt = painting

    with attribute(pipe, steps=(0, 2)) as calls:
        pipe.paint(prompt)

    assert seen.parts == calls[0].parts
    np.testing.assert_array_equal(seen.share, [call.share() for call in calls])
    np.testing.assert_array_equal(seen.size, [call.size() for call in calls])


def test_the_shares_of_a_step_add_up_to_one_and_nothing_is_left(seen):
    np.testing.assert_allclose(seen.share.sum(axis=1), 1, atol=1e-5)
    assert (seen.rest < 1e-5).all()


def test_kinds_gather_the_shares_of_whole_blocks(seen):
    kinds = seen.by_kind

    assert list(kinds) == ["attention", "MLP", "picture", "bias"]
    assert kinds["MLP"].shape == (2, 6, 2)
    np.testing.assert_allclose(sum(kinds.values()).sum(axis=1), 1, atol=1e-5)
    heads = [i for i, part in enumerate(seen.parts) if str(part).startswith("double 1 · head")]
    expected = seen.share[:, heads].sum(axis=1)
    np.testing.assert_allclose(kinds["attention"][:, 2], expected, atol=1e-6)
    assert (kinds["attention"][:, [0, -1]] == 0).all()


def test_blocks_are_named_from_the_embedding_to_the_last_layer(seen):
    assert seen.blocks == (
        "embedding", "double 0", "double 1", "single 0", "single 1", "last layer",
    )  # fmt: skip


def test_heads_are_told_apart_block_by_block(seen):
    place = [str(part) for part in seen.parts].index("single 0 · head 1")

    assert seen.by_head.shape == (2, 4, 2, 2)
    np.testing.assert_array_equal(seen.by_head[:, 2, 1], seen.size[:, place])


def test_times_are_those_of_the_steps(painting, seen):
    pipe, prompt = painting

    assert seen.times == tuple(s.time for s in pipe.steps(prompt) if s.index in (0, 2))
