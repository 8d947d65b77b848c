"""The recipe: the whole chain from a seed, in one command."""

import json

import pytest

from fluxlearn.load import load
from fluxlearn.toy.gates import check_gates
from fluxlearn.toy.recipe import REHEARSAL, train_toy


@pytest.mark.slow  # compiles the model twice: about three minutes
def test_a_rehearsal_trains_ships_and_measures_the_whole_family(tmp_path):
    card = train_toy(tmp_path, seed=0, lengths=REHEARSAL)

    assert json.loads((tmp_path / "weights" / "card.json").read_text()) == card
    for name in ("toy-base", "toy-dev"):
        pipe = load(tmp_path / "weights" / f"{name}.safetensors")
        assert pipe.paint("a red circle", steps=2).pixels.shape == (1, 3, 128, 128)
    assert card["missed"]  # a rehearsal paints mud, and the gates say so


def test_a_gate_that_is_missed_is_named():
    good = {"mean": 0.99}
    clauses = dict.fromkeys(("binding", "relation", "full"), good)
    card = {
        "toy-dev": {"test": clauses | {"relation": {"mean": 0.5}}, "novel": clauses},
        "toy-base": {"test": clauses},
        "autoencoder": {"psnr": 37.0, "full": 0.995},
    }

    assert check_gates(card) == ["toy-dev test relation is 0.500, below 0.9"]
