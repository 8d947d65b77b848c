"""Budgets say before what is measured after."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from tiny_files import bfl_file, own_file, published_autoencoder, published_flux
from tiny_models import (
    AUTOENCODER,
    FLUX,
    tiny_conditioning,
    tiny_flux,
    tiny_inputs,
    tiny_pipeline,
)

import fluxlearn as fl
from fluxlearn.memory import free
from fluxlearn.memory.budget import MODES, RANK, Lengths, activations, estimate
from fluxlearn.memory.dry_run import peak_bytes
from fluxlearn.sampling.budget import decoding
from fluxlearn.trace.sizes import TooLargeError
from fluxlearn.trace.tap import handling

DEV = fl.PRESETS["flux-dev"]
LENGTHS = Lengths(batch=2, img=16, txt=5)


def test_what_is_said_is_what_the_allocator_counts_within_a_tenth():
    command = [sys.executable, "-m", "memory.peaks"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run(command, capture_output=True, check=True, env=environment, text=True)

    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) >= 8
    off = {name: said / counted for name, (said, counted) in found.items()}
    assert all(0.9 < ratio < 1.1 for ratio in off.values()), off


def test_a_dry_run_counts_what_is_alive_and_forgets_what_is_not():
    x = torch.empty(1000, device="meta")

    def run():
        y = x + 1  # 4 kB
        z = y.double()  # 8 kB more, the peak
        del y
        w = z.view(10, 100)[2:5].T  # a view
        w.add_(1)
        return (w * 2).half()  # 2.4 kB and 0.6 kB more, after 4 kB are gone

    assert peak_bytes(run, [x]) == 12_000


def test_nothing_is_drawn_and_nobody_hears_it():
    heard, before = [], torch.get_rng_state()

    with handling(lambda owner, name, value: heard.append(name)):
        found = estimate(DEV, LENGTHS)

    assert found.weights == 2 * fl.RELEASES["flux-dev"].parameters
    assert torch.equal(torch.get_rng_state(), before)
    assert not heard


@pytest.mark.parametrize("mode", MODES)
def test_weights_gradients_and_averages_are_counted(mode):
    parameters = sum(p.numel() for p in tiny_flux().parameters())
    layers = [m for n, m in tiny_flux().named_modules() if "blocks." in n and hasattr(m, "bias")]
    patches = RANK * sum(
        m.in_features + m.out_features for m in layers if hasattr(m, "in_features")
    )
    trained = {"inference": 0, "lora": patches}.get(mode, parameters)

    found = estimate(FLUX, LENGTHS, torch.float32, mode)

    assert found.weights == 4 * (parameters + (patches if mode == "lora" else 0))
    assert (found.gradients, found.optimizer) == (4 * trained, 8 * trained)
    assert found.total == sum(vars(found).values())


def test_activations_grow_with_depth_only_where_a_backward_pass_needs_them():
    deep, many = replace(FLUX, depth=6, depth_single_blocks=6), Lengths(batch=4, img=256, txt=32)

    def held(config, mode):
        found = estimate(config, many, mode=mode)
        return found.activations + found.gradients

    assert held(deep, "inference") == held(FLUX, "inference")
    assert held(deep, "inference") < held(deep, "checkpointed") < held(deep, "training") / 2
    assert held(FLUX, "training") < held(deep, "training") / 2


def test_activations_are_in_proportion_to_batch_and_precision():
    one = activations(FLUX, Lengths(batch=1, img=64, txt=16), torch.bfloat16)

    # Rotations are float32 anyway, and of one picture where all have the same.
    assert activations(FLUX, Lengths(batch=4, img=64, txt=16), torch.bfloat16) == pytest.approx(
        4 * one, rel=0.01
    )
    assert 1.2 * one < activations(FLUX, Lengths(batch=1, img=64, txt=16), torch.float32) < 2 * one


def test_captures_are_what_a_recorder_keeps():
    with fl.record(flux := tiny_flux(), ["double.*.img.resid_post", "vec"]) as seen:
        flux(**tiny_inputs(grid=(4, 4)))

    found = fl.budget(
        FLUX, height=64, width=64, text=5, batch=2, dtype=torch.float32, points=list(seen)
    )

    assert found.captures == sum(value.nbytes for value in seen.values()) > 0


def test_a_budget_shows_itself_as_a_table():
    lines = repr(fl.budget(DEV, height=256, width=256)).splitlines()

    assert [line.split()[0] for line in lines] == [
        "weights", "gradients", "optimizer", "activations", "captures", "in",
    ]  # fmt: skip
    assert lines[0].endswith("23.8 GB")


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "inferring"}, "mode is 'inferring', but there are inference"),
        ({"batch": 0}, "batch is 0, but a whole number from 1"),
        ({"text": 2.5}, "txt is 2.5"),
        ({"height": 100}, "height is 100 pixels"),
        ({"dtype": torch.int8}, "torch.int8, but the model computes in"),
        ({"points": ["vecc"]}, "vecc"),
    ],
)
def test_a_bad_value_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        fl.budget(FLUX, **({"height": 32, "width": 32} | options))


@pytest.fixture
def computer(monkeypatch, tmp_path):
    """Let the computer have so many bytes."""

    def has(available, total):
        text = f"MemTotal: {total // 1024} kB\nMemAvailable: {available // 1024} kB\nHugePages: 0\n"
        (tmp_path / "meminfo").write_text(text)
        monkeypatch.setattr(free, "MEMINFO", tmp_path / "meminfo")

    return has


def test_painting_more_than_there_is_is_refused_and_more_than_is_free_is_warned_of(computer):
    pipe, prompt = tiny_pipeline(), tiny_conditioning()

    computer(2**40, 2**40)
    pipe.paint(prompt, steps=1)
    computer(2**16, 2**40)
    with pytest.warns(UserWarning, match=r"painting 2 × 32 × 32 pixels needs .* are free"):
        pipe.paint(prompt, steps=1)
    computer(2**16, 2**16)
    with pytest.raises(TooLargeError, match=r"65.5 kB that this computer has. Paint fewer"):
        pipe.paint(prompt, steps=1)


def test_the_picture_of_a_large_size_is_dearer_than_the_model_call(computer):
    # 1024 × 1024 pixels in 8 channels of float32 are 34 MB, and several are held.
    computer(2**26, 2**26)

    with pytest.raises(TooLargeError, match="painting 2 × 1024 × 1024 pixels"):
        tiny_pipeline().paint(tiny_conditioning(), height=1024, width=1024)


def test_a_system_that_does_not_tell_is_not_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(free, "MEMINFO", tmp_path / "none")

    assert free.memory_of("cpu") is None and free.memory_of("meta") is None
    free.make_sure_of(2**60, "cpu", "anything", "")


def test_on_a_gpu_what_pytorch_keeps_counts_as_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10, 100))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 50)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 20)

    assert free.memory_of("cuda:0") == free.Memory(device="cuda:0", free=40, total=100)


def test_what_swaps_counts_in_all_there_is(monkeypatch, tmp_path):
    text = "MemTotal: 4 kB\nMemAvailable: 1 kB\nSwapTotal: 3 kB\n"
    (tmp_path / "meminfo").write_text(text)
    monkeypatch.setattr(free, "MEMINFO", tmp_path / "meminfo")

    assert free.memory_of("cpu") == free.Memory(device="this computer", free=1024, total=7168)


def test_loading_more_than_there_is_is_refused_and_streaming_is_the_cure(computer, tmp_path):
    own_file(tmp_path / "ae.safetensors", published_autoencoder())
    file = bfl_file(tmp_path / "flux1-dev.safetensors", flux := published_flux())
    needed = sum(p.nbytes for p in flux.parameters())
    computer(needed - 2048, needed - 2048)

    with pytest.raises(TooLargeError, match=r"with stream=True, or .*depth=.*torch.bfloat16\.$"):
        fl.load(file, text=False)
    assert fl.load(file, text=False, stream=True)
    assert fl.load(file, text=False, dtype=torch.bfloat16)


def test_decoding_is_budgeted_by_its_largest_level():
    small, large = (decoding(AUTOENCODER, 1, side, side) for side in (64, 128))

    assert large == pytest.approx(4 * small, rel=0.01)
