"""The loop: a killed run goes on as if nothing had happened."""

import pytest
import torch
from torch import nn

from fluxlearn.training.average import Average
from fluxlearn.training.loop import train, warm_cosine


def problem(seed: int = 0):
    """A small regression whose batches depend on the step alone."""
    torch.manual_seed(seed)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)

    def loss_at(step: int):
        x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
        return (model(x) - x[:, :2]).square().mean()

    return model, loss_at, optimizer


def test_training_lowers_the_loss(tmp_path):
    model, loss_at, optimizer = problem()

    run = train(model, loss_at, [optimizer], tmp_path / "run.checkpoint", 60)

    assert run.losses[-1] < 0.05 * run.losses[0]
    assert run.step == len(run.losses) == 60


def test_a_killed_run_ends_where_an_undisturbed_one_does(tmp_path, monkeypatch):
    whole, loss_at, optimizer = problem()
    averaged = Average(whole)
    train(whole, loss_at, [optimizer], tmp_path / "whole.checkpoint", 20, averaged)

    monkeypatch.setattr("fluxlearn.training.loop.CHECKPOINT_SECONDS", 0.0)
    killed, loss_at, optimizer = problem()

    def until_killed(step: int):
        if step == 7:
            raise KeyboardInterrupt
        return loss_at(step)

    with pytest.raises(KeyboardInterrupt):
        path = tmp_path / "killed.checkpoint"
        train(killed, until_killed, [optimizer], path, 20, Average(killed))
    resumed, loss_at, optimizer = problem(seed=1)  # another start, to be overwritten
    again = Average(resumed)
    run = train(resumed, loss_at, [optimizer], path, 20, again)

    assert torch.equal(resumed.weight, whole.weight)
    assert torch.equal(again.model.weight, averaged.model.weight)
    assert len(run.losses) == 20


def test_a_checkpoint_of_another_length_is_refused(tmp_path):
    model, loss_at, optimizer = problem()
    train(model, loss_at, [optimizer], tmp_path / "run.checkpoint", 3)

    with pytest.raises(ValueError, match="run of 3 steps, but 5 were asked for. Delete it"):
        train(model, loss_at, [optimizer], tmp_path / "run.checkpoint", 5)


def test_a_checkpoint_holds_tensors_and_numbers_only(tmp_path):
    model, loss_at, optimizer = problem()
    train(model, loss_at, [optimizer], tmp_path / "run.checkpoint", 3)

    state = torch.load(tmp_path / "run.checkpoint", weights_only=True)

    assert set(state) == {"model", "optimizer0", "run"}
    assert [p.name for p in tmp_path.iterdir()] == ["run.checkpoint"]


def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero():
    rates = [warm_cosine(i / 100) for i in range(101)]

    assert max(rates) == rates[5] == 1.0
    assert rates[:6] == sorted(rates[:6]) and rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[100] == pytest.approx(0, abs=1e-12)


def test_an_average_forgets_its_start_and_then_moves_slowly():
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = Average(model, decay=0.9)
    nn.init.ones_(model.weight)

    average.follow(model, step=0)
    first = average.model.weight.item()
    average.follow(model, step=10_000)

    assert first == pytest.approx(0.9)  # d = (1 + 0) / (10 + 0)
    assert average.model.weight.item() == pytest.approx(0.9 * 0.9 + 0.1)


def test_an_impossible_decay_is_refused():
    with pytest.raises(ValueError, match=r"decay is 1\.5"):
        Average(nn.Linear(1, 1), decay=1.5)
