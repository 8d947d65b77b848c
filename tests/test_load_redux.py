"""`fl.load_redux`: the adapter and SigLIP, from each layout."""

import pytest
import torch
from tiny_pictures import photograph
from tiny_redux import redux_folder, tiny_redux

import fluxlearn as fl
from fluxlearn.checkpoints import hub

THEIRS = "image_embedder/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("adapter", ["flux1-redux-dev.safetensors", THEIRS])
def test_what_is_read_sees_what_was_saved(adapter, tmp_path):
    redux = tiny_redux()

    read = fl.load_redux(redux_folder(tmp_path, redux, adapter), dtype=torch.float32)

    assert torch.equal(read.tokens(photograph()), redux.tokens(photograph()))


def test_the_published_one_is_fetched_without_what_is_not_needed(tmp_path, monkeypatch):
    redux_folder(tmp_path, tiny_redux())
    asked = []
    monkeypatch.setattr(hub, "fetch", lambda *request: asked.append(request) or tmp_path)

    read = fl.load_redux(revision="v1")

    files = ("flux1-redux-dev.safetensors", "image_encoder/*")
    assert asked == [("black-forest-labs/FLUX.1-Redux-dev", files, "v1")]
    assert read.tokens(photograph()).dtype == torch.bfloat16
