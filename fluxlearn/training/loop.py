"""The training loop: seeded, resumable, with progress.

    for step in range(steps):  loss_at(step) → gradients → clip → optimisers → average

The batch of a step depends on the seed and the step alone, so a run that was killed goes on exactly
where its last checkpoint stood, without replaying anything.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from fluxlearn.files import replacing
from fluxlearn.training.average import Average

CHECKPOINT_SECONDS = 60.0


@dataclass(kw_only=True)
class Run:
    """How far a training is: what a checkpoint stores beside weights and optimisers."""

    steps: int  # in all
    step: int = 0  # done
    seconds: float = 0.0  # spent, over all sessions
    losses: list[float] = field(default_factory=list)  # one a step


def train(
    model: nn.Module,
    loss_at: Callable[[int], Tensor],
    optimizers: Sequence[torch.optim.Optimizer],
    checkpoint: Path,
    steps: int,
    average: Average | None = None,
) -> Run:
    """Train the model in place and return the finished run with its losses.

    loss_at     the loss of the batch that belongs to a step.
    optimizers  their learning rates are the peaks of `warm_cosine`.
    checkpoint  file to resume from and to write to, about once a minute.
    average     if given, follows the weights; its own state is in the checkpoint too.
    """
    parts = {"model": model, **{f"optimizer{i}": o for i, o in enumerate(optimizers)}}
    if average is not None:
        parts["average"] = average
    run = resume(parts, checkpoint, steps)
    peaks = [[group["lr"] for group in o.param_groups] for o in optimizers]
    resumed_at, began, saved = run.seconds, time.monotonic(), time.monotonic()

    for step in _progress(run, checkpoint.stem):
        for optimizer, rates in zip(optimizers, peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = peak * warm_cosine(step / steps)
        run.losses.append(_step(model, loss_at(step), optimizers))
        if average is not None:
            average.follow(model, step)
        run.step, run.seconds = step + 1, resumed_at + time.monotonic() - began
        if time.monotonic() - saved > CHECKPOINT_SECONDS or run.step == steps:
            _save(parts, run, checkpoint)
            saved = time.monotonic()
    return run


def warm_cosine(done: float, warm: float = 0.05) -> float:
    """The learning rate relative to its peak: a line up, then half a cosine down.

    s(p) = p / w                              p < w
    s(p) = ½ + ½ cos(π (p − w) / (1 − w))     otherwise
    """
    if done < warm:
        return max(done, 1e-3) / warm
    return 0.5 + 0.5 * math.cos(math.pi * (done - warm) / (1 - warm))


def resume(parts: dict, checkpoint: Path, steps: int) -> Run:
    """Load every part from a checkpoint and return its run; a fresh run without a checkpoint.

    Raises ValueError when the checkpoint belongs to a run of another length.
    """
    if not checkpoint.exists():
        return Run(steps=steps)
    state = torch.load(checkpoint, weights_only=True)
    if state["run"]["steps"] != steps:
        raise ValueError(
            f"{checkpoint} belongs to a run of {state['run']['steps']} steps, but {steps} were "
            f"asked for. Delete it to start again, or ask for as many steps."
        )
    # The peaks come from the caller: a stored rate is that of the step it was stored at.
    rates = {n: [g["lr"] for g in p.param_groups] for n, p in parts.items() if "optim" in n}
    for name, part in parts.items():
        part.load_state_dict(state[name])
    for name, peaks in rates.items():
        for group, peak in zip(parts[name].param_groups, peaks, strict=True):
            group["lr"] = peak
    return Run(**state["run"])


def _step(model: nn.Module, loss: Tensor, optimizers: Sequence[torch.optim.Optimizer]) -> float:
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss.item()


def _progress(run: Run, name: str):
    from tqdm import tqdm

    bar = tqdm(range(run.step, run.steps), initial=run.step, total=run.steps, desc=name)
    bar.mininterval = 2.0
    for step in bar:
        if run.losses and step % 20 == 0:
            recent = run.losses[-50:]
            bar.set_postfix(loss=f"{sum(recent) / len(recent):.4f}", refresh=False)
        yield step


def _save(parts: dict, run: Run, checkpoint: Path) -> None:
    """Write everything with torch.save, all or nothing."""
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    state = {name: part.state_dict() for name, part in parts.items()}
    with replacing(checkpoint) as partial:
        torch.save(state | {"run": vars(run)}, partial)
