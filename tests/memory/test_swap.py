"""Block swap: the weights are there when they are needed, and the numbers are the plain model's."""

from dataclasses import replace

import pytest
import torch
from memory.steps import loss_of, some_inputs
from tiny_models import FLUX, tiny_flux

from fluxlearn.lora.attach import attach
from fluxlearn.lora.linear import LowRank
from fluxlearn.lora.patch import Lora, Patch
from fluxlearn.memory.checkpointing import checkpointing
from fluxlearn.memory.swap import swapping

DEEP = replace(FLUX, depth=5, depth_single_blocks=8)


@pytest.mark.parametrize("swapped", [0, 1, 2, 3, 4, 5, 6])
def test_the_velocity_is_the_plain_models_call_after_call(swapped):
    # share(6) is 3 of 5 and 6 of 8: as many as can be.
    flux, inputs = tiny_flux(DEEP), some_inputs(DEEP)
    expected = flux(**inputs)

    with swapping(flux, swapped, "cpu"):
        velocities = [flux(**inputs) for _ in range(3)]

    assert all(torch.equal(velocity, expected) for velocity in velocities)


def test_only_so_many_blocks_have_weights_at_a_time():
    flux, inputs, seen = tiny_flux(DEEP), some_inputs(DEEP), set()

    with swapping(flux, 6, "cpu"):
        for blocks in (flux.double_blocks, flux.single_blocks):
            for block in blocks:
                block.register_forward_pre_hook(lambda *_, b=blocks: seen.add((len(b), there(b))))
        flux(**inputs)

    assert seen == {(5, 2), (8, 2)}


def there(blocks):
    """Blocks that have weights."""
    return sum(all(p.numel() for p in block.parameters()) for block in blocks)


@pytest.mark.parametrize("swapped", [1, 4, 6])
@pytest.mark.parametrize("twice", [False, True], ids=["plain", "with checkpointing"])
def test_gradients_of_patches_and_of_the_input_are_the_plain_models(swapped, twice):
    flux, inputs = tiny_flux(DEEP), some_inputs(DEEP)
    patches = patched(flux)
    inputs["img"].requires_grad_(True)
    expected = step(flux, inputs, patches)

    for _ in range(2):
        with swapping(flux, swapped, "cpu"):
            if twice:
                with checkpointing(flux):
                    found = step(flux, inputs, patches)
            else:
                found = step(flux, inputs, patches)
        assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def patched(flux):
    """Trainable patches on a layer of every block."""
    layers = [f"double_blocks.{i}.img_attn.proj" for i in range(5)]
    layers += [f"single_blocks.{i}.linear2" for i in range(8)]
    found = {}
    for name in layers:
        rows, columns = flux.get_submodule(name).weight.shape
        up, down = torch.randn(rows, 2) / 8, torch.randn(2, columns) / 8
        found[name] = (Patch(down=down, up=up, alpha=2.0, first=0, bias=None),)
    attach(flux, Lora(patches=found))
    modules = [m for m in flux.modules() if isinstance(m, LowRank)]
    return [p.requires_grad_(True) for m in modules for p in m.parameters()]


def step(flux, inputs, patches):
    """The gradients of one step, and that of the picture."""
    loss_of(flux, inputs).backward()
    found = [p.grad for p in (*patches, inputs["img"])]
    for p in (*patches, inputs["img"]):
        p.grad = None
    return found


def test_a_pass_that_was_broken_off_does_not_disturb_the_next():
    flux, inputs = tiny_flux(DEEP), some_inputs(DEEP)
    expected = flux(**inputs)

    with swapping(flux, 4, "cpu"):
        loss_of(flux, inputs | {"img": inputs["img"].clone().requires_grad_(True)})
        no_backward = flux(**inputs)
        handle = flux.single_blocks[3].register_forward_pre_hook(fail)
        with pytest.raises(KeyError):
            flux(**inputs)
        handle.remove()
        after_an_error = flux(**inputs)

    assert torch.equal(no_backward, expected) and torch.equal(after_an_error, expected)


def fail(*_):
    raise KeyError


def test_a_backward_pass_that_comes_too_late_is_refused():
    flux, inputs = tiny_flux(DEEP), some_inputs(DEEP)
    img = inputs["img"].clone().requires_grad_(True)

    with swapping(flux, 4, "cpu"):
        loss = loss_of(flux, inputs | {"img": img})
        flux(**inputs)
        with pytest.raises(RuntimeError, match="Run each backward pass before the next"):
            loss.backward()


def test_afterwards_the_model_is_what_it_was():
    flux = tiny_flux(DEEP)
    before = {name: (id(p), p.data_ptr()) for name, p in flux.named_parameters()}

    with swapping(flux, 4, "cpu"):
        flux(**some_inputs(DEEP))

    assert {name: (id(p), p.data_ptr()) for name, p in flux.named_parameters()} == before
    assert not any("forward" in vars(block) for block in flux.single_blocks)


@pytest.mark.parametrize(
    ("change", "swapped", "words"),
    [
        (lambda flux: flux.requires_grad_(True), 2, r"double_blocks\.0.* is trained.*LoRA"),
        (lambda flux: flux.to("meta"), 2, r"the model is on meta.*device='cpu'"),
        (lambda flux: flux, 9, r"4 of 5 blocks .* from 0 to 3 can be"),
        (lambda flux: flux, -1, r"-1 of 5 blocks"),
    ],
)
def test_what_cannot_be_swapped_is_refused_before_anything_moves(change, swapped, words):
    flux = change(tiny_flux(DEEP))

    with pytest.raises(ValueError, match=words), swapping(flux, swapped, "cpu"):
        pass
    assert all(p.numel() for p in flux.parameters())


@pytest.mark.gpu
def test_on_a_gpu_the_velocity_is_the_plain_models():
    flux, inputs = tiny_flux(DEEP), some_inputs(DEEP)
    there = {name: value.cuda() for name, value in inputs.items()}
    expected = tiny_flux(DEEP).cuda()
    expected.load_state_dict(flux.state_dict())

    with swapping(flux, 6), torch.no_grad():
        velocities = [flux(**there) for _ in range(3)]

    assert all(torch.equal(velocity, expected(**there)) for velocity in velocities)
