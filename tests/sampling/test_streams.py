"""What the two streams carry: sizes, values, outliers."""

import numpy as np
import pytest
import torch
from tiny_models import tiny_conditioning, tiny_pipeline

from fluxlearn.sampling.streams import look_at_streams
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

TXT = 5


@pytest.fixture(scope="module")
def painting():
    torch.manual_seed(0)
    return tiny_pipeline(), tiny_conditioning()


@pytest.fixture(scope="module")
def recorded(painting):
    pipe, prompt = painting
    with record(pipe, ["embed.*", "*.resid_post", "*.attn.v"]) as seen:
        pipe.paint(prompt)
    return seen


@pytest.fixture(scope="module")
def seen(painting):
    return look_at_streams(*painting)


def rms(tokens):
    """Root mean square of each token, the mean over tokens."""
    return tokens.square().mean(dim=-1).sqrt().mean(dim=-1).numpy()


def test_sizes_are_those_of_each_streams_tokens_by_depth(seen, recorded):
    assert seen.img.size.shape == seen.txt.size.shape == (3, 5, 2)
    np.testing.assert_allclose(seen.img.size[:, 0], rms(recorded["embed.img"]), rtol=1e-5)
    expected = rms(recorded["double.1.txt.resid_post"])
    np.testing.assert_allclose(seen.txt.size[:, 2], expected, rtol=1e-5)
    joint = recorded["single.0.resid_post"]
    np.testing.assert_allclose(seen.txt.size[:, 3], rms(joint[:, :, :TXT]), rtol=1e-5)
    np.testing.assert_allclose(seen.img.size[:, 3], rms(joint[:, :, TXT:]), rtol=1e-5)


def test_values_are_those_of_each_streams_tokens_by_head(seen, recorded):
    assert seen.img.value.shape == seen.txt.value.shape == (3, 4, 2, 2)
    for block, name in enumerate(["double.0", "double.1", "single.0", "single.1"]):
        lengths = recorded[f"{name}.attn.v"].norm(dim=-1)
        np.testing.assert_allclose(seen.txt.value[:, block], lengths[..., :TXT].mean(-1), rtol=1e-5)
        np.testing.assert_allclose(seen.img.value[:, block], lengths[..., TXT:].mean(-1), rtol=1e-5)


@pytest.mark.parametrize(
    ("point", "token", "stream", "depth"),
    [
        ("double.1.img.resid_post", 2, "img", 2),
        ("double.0.txt.resid_post", 4, "txt", 1),
        ("single.0.resid_post", TXT + 1, "img", 3),
        ("single.1.resid_post", 3, "txt", 4),
    ],
)
def test_a_number_that_sticks_out_is_found_where_it_is(painting, seen, point, token, stream, depth):
    def spike(x, at):
        x = x.clone()
        x[1, token, 7] = -1000
        return x

    with edit(painting[0], {point: spike}):
        found = getattr(look_at_streams(*painting, step=1), stream)

    place = (0, depth, 1)  # of the only step, in the second picture
    assert found.peak[place] == 1000
    assert found.peak_token[place] == (
        token - TXT if "single" in point and stream == "img" else token
    )
    assert found.peak_channel[place] == 7
    before = getattr(seen, stream)
    assert found.kurtosis[place] > before.kurtosis[1, depth, 1] + 1
    assert abs(found.median[place] - before.median[1, depth, 1]) < 0.5


def test_depths_and_times_name_the_axes(seen):
    assert seen.depths == ("embedding", "double 0", "double 1", "single 0", "single 1")
    assert seen.doubles == 2
    assert len(seen.times) == 3 and seen.times[0] == 1


def test_steps_can_be_chosen(painting, seen):
    chosen = look_at_streams(*painting, step=[0, 2])

    assert chosen.times == (seen.times[0], seen.times[2])
    np.testing.assert_array_equal(chosen.img.peak, seen.img.peak[[0, 2]])
