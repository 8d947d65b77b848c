"""Weight files are written whole or not at all, whatever the layout of the tensors in memory."""

import pytest
import torch

from fluxlearn.checkpoints.safe import read_tensors, save_tensors


def test_a_tensor_that_is_no_plain_block_of_memory_is_saved_as_its_values(tmp_path):
    file = tmp_path / "latents.safetensors"
    latents = torch.arange(48.0).reshape(1, 3, 4, 4).contiguous(memory_format=torch.channels_last)

    save_tensors({"latents": latents}, file, {})

    assert torch.equal(read_tensors(file)[0]["latents"], latents)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "weights.safetensors"
    save_tensors({"w": torch.ones(2)}, file, {})
    monkeypatch.setattr("fluxlearn.checkpoints.safe.save_file", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        save_tensors({"w": torch.zeros(2)}, file, {})

    assert torch.equal(read_tensors(file)[0]["w"], torch.ones(2))
    assert list(tmp_path.iterdir()) == [file]
