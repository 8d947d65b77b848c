"""One training step of the toy as its recipe takes it, against the same step with diffusers' model.

The same batch, loss, attention formula and optimisers on both sides, in fp32; ours is compiled,
as in the recipe, and theirs runs both ways.
"""

from collections.abc import Callable

import pytest
import torch
from tiny_models import randomise
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from twins import transformer_like

from fluxlearn.model.flux import Flux
from fluxlearn.sampling.positions import image_ids, text_ids
from fluxlearn.toy.scene import CANVAS
from fluxlearn.toy.train_flow import TOY_BASE, compiled_velocity
from fluxlearn.training.loss import flow_loss
from fluxlearn.training.optimizers import muon_and_adamw

LENGTH = 20  # text tokens


def fresh_flux() -> Flux:
    """Weights that no other contender trains."""
    torch.manual_seed(0)
    return randomise(Flux(TOY_BASE)).requires_grad_(True).train()


def fresh_transformer() -> nn.Module:
    """diffusers' model with the same weights."""
    return transformer_like(fresh_flux()).requires_grad_(True).train()


def their_velocity(transformer: Callable[..., tuple[Tensor]]) -> Callable[..., Tensor]:
    """What `compiled_velocity` is for ours, without the compiling."""
    ids, no_ids = image_ids(1, CANVAS, CANVAS)[0], text_ids(1, LENGTH)[0]

    def velocity(x_t, t, txt, pooled):
        with sdpa_kernel(SDPBackend.MATH):
            return transformer(
                hidden_states=x_t,
                timestep=t,
                encoder_hidden_states=txt,
                pooled_projections=pooled,
                img_ids=ids,
                txt_ids=no_ids,
                return_dict=False,
            )[0]

    return velocity


def their_optimizers(transformer: nn.Module) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices but not their modulations, AdamW for the rest, as for ours."""
    hidden, rest = [], []
    for name, parameter in transformer.named_parameters():
        in_block = "transformer_blocks." in name and parameter.ndim == 2
        (hidden if in_block and "norm" not in name else rest).append(parameter)
    return [
        torch.optim.Muon(hidden, lr=2e-3, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0),
    ]


def trainer(model: nn.Module, velocity: Callable, optimizers: list, batch: int) -> Callable:
    """A function that takes one step and returns its loss."""
    generator = torch.Generator().manual_seed(0)
    x0 = torch.randn(batch, 64, TOY_BASE.in_channels, generator=generator)
    txt = torch.randn(batch, LENGTH, TOY_BASE.context_in_dim, generator=generator)
    pooled = torch.randn(batch, TOY_BASE.vec_in_dim, generator=generator)
    t = torch.rand(batch, generator=generator)

    def step() -> float:
        loss = flow_loss(lambda x_t, t: velocity(x_t, t, txt, pooled), x0, t, generator)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return loss.item()

    return step


def test_training_step(race, quick):
    batch = 2 if quick else 64
    ours, eager, compiled = fresh_flux(), fresh_transformer(), fresh_transformer()
    in_one_graph = torch.compile(compiled, dynamic=False)
    contenders = {
        "ours": trainer(ours, compiled_velocity(ours, batch, LENGTH), muon_and_adamw(ours), batch),
        "diffusers": trainer(eager, their_velocity(eager), their_optimizers(eager), batch),
        "diffusers, compiled": trainer(
            compiled, their_velocity(in_one_graph), their_optimizers(compiled), batch
        ),
    }

    losses = [step() for step in contenders.values()]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-3)  # the same work

    race("training step, toy, batch 64", "≤ 0.80", contenders, rounds=11)
