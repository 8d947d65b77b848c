"""Training the toy's text encoders: what is kept, and that nothing depends on interruptions."""

import pytest
import torch
from safetensors.torch import load_file

from fluxlearn.text.encoders import TextEncoders
from fluxlearn.toy.train_clip import matching_loss, same_caption, train_clip
from fluxlearn.toy.train_t5 import train_t5
from fluxlearn.training import loop

TRAIN = {"t5": train_t5, "clip": train_clip}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("toy")
    for train in TRAIN.values():
        train(path, steps=2, batch=8)
    return path


def test_both_encoders_are_read_by_the_code_for_the_real_ones(folder):
    conditioning = TextEncoders.from_folder(folder)(["a red circle", ""])

    assert conditioning.txt.shape == (2, 20, 128) and conditioning.pooled.shape == (2, 128)


def test_features_have_the_scale_of_one(folder):
    conditioning = TextEncoders.from_folder(folder)(["a red circle", ""])

    for features in (conditioning.txt, conditioning.pooled):
        rms = features.square().mean(dim=-1).sqrt()
        torch.testing.assert_close(rms, torch.ones_like(rms), atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", TRAIN)
def test_an_encoder_has_less_than_a_million_parameters(folder, name):
    assert TRAIN[name](folder)["parameters"] < 1_000_000


@pytest.mark.parametrize("name", TRAIN)
def test_a_finished_training_is_not_repeated(folder, name, monkeypatch):
    monkeypatch.setattr(f"fluxlearn.toy.train_{name}.train", None)

    assert TRAIN[name](folder)["steps"] == 2


@pytest.mark.parametrize("name", TRAIN)
def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(
    folder, tmp_path, name, monkeypatch
):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    step, calls = loop._step, []
    monkeypatch.setattr(
        loop, "_step", lambda *args: calls.append(1) or (len(calls) < 2 and step(*args)) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        TRAIN[name](tmp_path, steps=2, batch=8)
    monkeypatch.setattr(loop, "_step", step)

    TRAIN[name](tmp_path, steps=2, batch=8)

    unbroken, resumed = (load_file(f / name / "model.safetensors") for f in (folder, tmp_path))
    assert all(torch.equal(unbroken[key], resumed[key]) for key in unbroken)


def test_a_caption_that_occurs_twice_does_not_count_against_itself():
    also_right = same_caption(["a", "b", "a"])
    fit = torch.full((3, 3), -9.0) + 18 * (torch.eye(3) + also_right)

    assert also_right.nonzero().tolist() == [[0, 2], [2, 0]]
    assert matching_loss(fit, also_right) < 1e-6 < matching_loss(fit, also_right & False)
