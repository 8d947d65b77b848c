"""Bad input: every public entry says what is wrong, what it expected and what to do.

Each row of `bad_input` is a call, the error and words of its message: the value, the expectation,
the cure. All errors come before any model runs, no handler stays behind and no file is left
half-written.
"""

import os
from pathlib import Path

import pytest
from bad_input import (
    attention,
    checkpoints,
    files,
    headers,
    interventions,
    lens,
    loading,
    model,
    painting,
    pictures,
    sweeps,
    tracing,
    walking,
)
from tiny_models import AUTOENCODER, tiny_autoencoder, tiny_pipeline

from fluxlearn.checkpoints.safe import save_weights
from fluxlearn.trace.tap import watched

pytestmark = pytest.mark.usefixtures("unchecked_shapes")

CASES = [
    *model.CASES, *painting.CASES, *pictures.CASES, *tracing.CASES, *attention.CASES,
    *walking.CASES, *lens.CASES, *interventions.CASES, *sweeps.CASES, *files.CASES,
    *headers.CASES, *checkpoints.CASES, *loading.CASES,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_error_names_the_value_the_expectation_and_the_cure(case, tmp_path):
    with pytest.raises(case.error) as caught:
        case.call(tmp_path)

    for words in case.words:
        assert words in str(caught.value)
    assert not watched(), "a handler was left behind"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")], "half-written files"


def test_there_are_more_than_forty_cases():
    assert len(CASES) >= 40


def test_there_are_more_than_a_hundred_bad_checkpoints():
    assert len([*files.CASES, *headers.CASES, *checkpoints.CASES, *loading.CASES]) >= 100


@pytest.mark.parametrize("option", [{"steps": 0}, {"height": 100}, {"guidance": -1.0}])
def test_a_bad_option_is_refused_before_the_prompt_is_encoded(option):
    pipe = tiny_pipeline()
    pipe.text = lambda prompt: pytest.fail("the text encoders ran")

    with pytest.raises(ValueError):
        pipe.paint("a red circle", **option)


def test_a_failed_write_leaves_the_old_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "ae.safetensors"
    save_weights(tiny_autoencoder(), path, AUTOENCODER)
    before = path.read_bytes()

    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_weights(tiny_autoencoder(), path, AUTOENCODER)

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ae.safetensors"]
