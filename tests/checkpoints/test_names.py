"""The table of names against the models it speaks of."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from tiny_models import AUTOENCODER, FLUX, SCHNELL

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.names import autoencoder_pairs, flux_pairs
from fluxlearn.config import FLUX_AUTOENCODER, PRESETS
from fluxlearn.model.flux import Flux

AUTOENCODERS = {
    "flux": FLUX_AUTOENCODER,
    "tiny": AUTOENCODER,
    "one level": replace(AUTOENCODER, ch_mult=(1,)),
    "narrowing": replace(AUTOENCODER, ch_mult=(1, 3, 2), num_res_blocks=2),
}


def keys(model_class, config):
    with torch.device("meta"):
        return set(model_class(config).state_dict())


@pytest.mark.parametrize("config", [FLUX, SCHNELL, replace(FLUX, depth=0)])
def test_the_table_names_every_tensor_of_a_flux_and_no_other(config):
    assert {pair.bfl for pair in flux_pairs(config)} == keys(Flux, config)


@pytest.mark.parametrize("config", AUTOENCODERS.values(), ids=AUTOENCODERS)
def test_the_table_names_every_tensor_of_an_autoencoder_and_no_other(config):
    assert {pair.bfl for pair in autoencoder_pairs(config)} == keys(AutoEncoder, config)


@pytest.mark.parametrize(
    ("name", "ours", "theirs"), [("flux-dev", 780, 1160), ("flux-schnell", 776, 1156)]
)
def test_a_published_model_has_the_published_number_of_tensors(name, ours, theirs):
    pairs = flux_pairs(PRESETS[name])

    assert len(pairs) == ours
    assert sum(len(pair.diffusers) for pair in pairs) == theirs


def test_the_published_autoencoder_has_244_tensors():
    assert len(autoencoder_pairs(FLUX_AUTOENCODER)) == 244


@pytest.mark.parametrize(
    "pairs", [flux_pairs(FLUX), *map(autoencoder_pairs, AUTOENCODERS.values())]
)
def test_no_name_occurs_twice(pairs):
    counts = Counter(name for pair in pairs for name in (pair.bfl, *pair.diffusers))
    # What is called the same on both sides is listed on both.
    same = {pair.bfl for pair in pairs if pair.diffusers == (pair.bfl,)}

    assert {name for name, count in counts.items() if count > 1} <= same


def test_the_decoder_is_numbered_the_other_way_round():
    there = {pair.bfl: pair.diffusers[0] for pair in autoencoder_pairs(FLUX_AUTOENCODER)}

    assert there["decoder.up.3.upsample.conv.bias"] == "decoder.up_blocks.0.upsamplers.0.conv.bias"
    assert there["decoder.up.0.block.2.conv1.bias"] == "decoder.up_blocks.3.resnets.2.conv1.bias"


def test_only_the_last_modulation_is_swapped():
    swapped = {pair.bfl for pair in flux_pairs(PRESETS["flux-dev"]) if pair.how == "swap"}

    prefix = "final_layer.adaLN_modulation.1"
    assert swapped == {f"{prefix}.weight", f"{prefix}.bias"}
