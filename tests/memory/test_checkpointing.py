"""Gradient checkpointing changes what is kept, and nothing else."""

import copy

import pytest
import torch
from memory.steps import gradients, loss_of, some_inputs, trainable_flux

from fluxlearn.memory.around import blocks_of
from fluxlearn.memory.checkpointing import checkpointing
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record

HALVED = {"double.1.img.mod.gate1": lambda x, at: 0.5 * x, "single.0.bypass": True}


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_loss_and_gradients_are_the_same_bits():
    flux, inputs = trainable_flux(), some_inputs()
    plain = loss_of(flux, inputs)
    expected = gradients(flux, plain)

    with checkpointing(flux):
        loss = loss_of(flux, inputs)
    given = gradients(flux, loss)

    assert torch.equal(loss, plain)
    assert len(expected) == len(list(flux.parameters())) and same(given, expected)


def test_only_the_blocks_inputs_and_what_is_outside_of_them_are_kept():
    flux, inputs, kept = trainable_flux(), some_inputs(), []

    def keep(tensor):
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss_of(flux, inputs)
        plain = len(kept)
        with checkpointing(flux):
            loss_of(flux, inputs)

    assert len(kept) - plain < plain / 3


def test_every_block_is_run_once_forward_and_once_more_for_gradients():
    flux, inputs, runs = trainable_flux(), some_inputs(), []
    for i, block in enumerate(blocks_of(flux)):
        block.register_forward_pre_hook(lambda *_, i=i: runs.append(i))
        inner = next(m for m in block.modules() if isinstance(m, torch.nn.Linear))
        inner.register_forward_pre_hook(lambda *_, i=i: runs.append(i))

    with checkpointing(flux):
        loss = loss_of(flux, inputs)
    loss.backward()

    # From outside a block is called once; its first layer is called twice.
    assert runs == [0, 0, 1, 1, 2, 2, 3, 3, 3, 2, 1, 0]


def test_an_edit_takes_part_in_the_second_run_too_even_after_its_block_was_left():
    flux, inputs = trainable_flux(), some_inputs()
    with edit(flux, HALVED):
        plain = loss_of(flux, inputs)
    expected = gradients(flux, plain)

    with checkpointing(flux), edit(flux, HALVED):
        loss = loss_of(flux, inputs)
    given = gradients(flux, loss)

    assert torch.equal(loss, plain) and same(given, expected)
    assert any(not torch.equal(given[k], g) for k, g in unedited(flux, inputs).items())


def unedited(flux, inputs):
    """Gradients without the edit, which are others."""
    found = gradients(flux, loss_of(flux, inputs))
    return {name: gradient for name, gradient in found.items() if "single_blocks.0" not in name}


@pytest.mark.parametrize("point", ["double.1.img.mlp_act", "single.1.attn.q"])
def test_a_recorder_hears_the_first_run_only_and_gets_the_gradients(point):
    flux, inputs = trainable_flux(), some_inputs()
    with record(flux, point, grad=True) as plain:
        loss_of(flux, inputs).backward()

    with checkpointing(flux), record(flux, point, grad=True) as seen:
        loss_of(flux, inputs).backward()

    assert seen[point].shape == plain[point].shape
    assert torch.equal(seen[point], plain[point])
    assert torch.equal(seen.grad[point], plain.grad[point])


def test_the_second_run_can_be_run_again():
    flux, inputs = trainable_flux(), some_inputs()
    with checkpointing(flux), edit(flux, HALVED):
        loss = loss_of(flux, inputs)

    loss.backward(retain_graph=True)
    once = {name: p.grad.clone() for name, p in flux.named_parameters() if p.grad is not None}
    loss.backward()

    twice = {name: p.grad for name, p in flux.named_parameters() if p.grad is not None}
    assert same(twice, {name: 2 * gradient for name, gradient in once.items()})


def test_afterwards_and_after_an_error_the_model_is_what_it_was():
    flux = trainable_flux()
    before = [dict(vars(block)) for block in blocks_of(flux)]

    with pytest.raises(KeyError), checkpointing(flux), checkpointing(flux):
        raise KeyError

    assert [dict(vars(block)) for block in blocks_of(flux)] == before


def test_a_copy_that_was_made_inside_runs_its_own_weights():
    flux, inputs = trainable_flux(), some_inputs()
    with checkpointing(flux):
        other = copy.deepcopy(flux)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.5)

    assert not torch.equal(other(**inputs), flux(**inputs))
    assert same(gradients(flux, loss_of(other, inputs)), {})


def test_what_is_no_model_is_refused():
    with (
        pytest.raises(TypeError, match="Pass a pipeline or a Flux"),
        checkpointing(torch.nn.ReLU()),
    ):
        pass
