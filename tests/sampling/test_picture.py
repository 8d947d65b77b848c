"""A painted picture on disk."""

import pytest
import torch
from PIL import Image

from fluxlearn.sampling.picture import Picture


@pytest.fixture
def picture() -> Picture:
    return Picture(
        pixels=torch.zeros(2, 3, 16, 16),
        latents=torch.zeros(2, 16, 2, 2),
        times=(1.0, 0.0),
        prompt=["a red circle", "a blue square"],
        seed=0,
    )


def test_several_pictures_are_saved_side_by_side(picture, tmp_path):
    file = picture.save(tmp_path / "two.png")

    with Image.open(file) as saved:
        assert saved.size == (32, 16)
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_save_leaves_the_old_picture(picture, tmp_path, monkeypatch):
    file = picture.save(tmp_path / "picture.png")
    before = file.read_bytes()
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        picture.save(file)

    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
