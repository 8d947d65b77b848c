"""The shipped weights do what the card says; a quick check on 64 prompts guards the claims.

The gates themselves are measured on 512 prompts and stand in the card. 64 prompts have a standard
error of about 0.03, so the bounds here lie three of them below.
"""

import json

import pytest

from fluxlearn.load import WEIGHTS, load
from fluxlearn.toy.gates import check_gates, evaluate_autoencoder, evaluate_model

COUNT, SLACK = 64, 0.1


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((WEIGHTS / "card.json").read_text())


@pytest.fixture(scope="module")
def pipe():
    return load("toy-dev")


def test_the_card_names_every_gate_that_it_misses(card):
    assert card["missed"] == check_gates(card)


def test_the_card_measured_at_least_512_prompts(card):
    assert card["toy-dev"]["test"]["full"]["n"] >= 512
    assert card["toy-dev"]["novel"]["full"]["n"] >= 512
    assert card["autoencoder"]["n"] >= 512


@pytest.mark.parametrize("split", ["test", "novel"])
def test_toy_dev_paints_what_the_card_says(pipe, card, split):
    rows = {row.clause: row.mean for row in evaluate_model(pipe, COUNT, split, seed=5, steps=20)}

    for clause in ("binding", "full"):
        assert rows[clause] >= card["toy-dev"][split][clause]["mean"] - SLACK, clause


def test_reconstructions_are_what_the_card_says(pipe, card):
    figures = evaluate_autoencoder(pipe.autoencoder, COUNT, seed=5)

    assert figures["psnr"] >= card["autoencoder"]["psnr"] - 0.5
    assert figures["full"] >= card["autoencoder"]["full"] - 0.03


def test_toy_dev_needs_half_the_model_calls_of_toy_base(pipe):
    calls = {}
    for name, model in {"toy-dev": pipe, "toy-base": load("toy-base")}.items():
        counted = []
        model.flux.img_in.register_forward_hook(lambda *_, counted=counted: counted.append(1))
        model.paint("a red circle", steps=4)
        calls[name] = len(counted)

    assert calls == {"toy-dev": 4, "toy-base": 8}


def test_the_weights_fit_into_the_wheel():
    size = sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file())

    assert size < 38_000_000
