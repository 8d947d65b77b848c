"""Double and single blocks, and how an untrained model starts."""

import pytest
import torch
from tiny_models import FLUX, randomise, tiny_flux, tiny_inputs

from fluxlearn.model.double_block import DoubleStreamBlock
from fluxlearn.model.flux import Flux
from fluxlearn.model.initialise import initialise
from fluxlearn.model.rope import EmbedND
from fluxlearn.model.single_block import SingleStreamBlock
from fluxlearn.trace.edit import edit

DIM, TXT, IMG = FLUX.hidden_size, 4, 6


def streams():
    """Image, text, vector and rotations, as a block takes them."""
    ids = torch.randint(0, 9, (1, TXT + IMG, 3)).float()
    pe = EmbedND(FLUX.theta, FLUX.axes_dim)(ids)
    return torch.randn(2, IMG, DIM), torch.randn(2, TXT, DIM), torch.randn(2, DIM), pe


def close_gates(block, linears):
    """Zero the rows of each modulation that make its gates: the last third of every three."""
    for linear in linears:
        for parameter in (linear.weight, linear.bias):
            parameter.data.unflatten(0, (-1, 3, DIM))[:, 2] = 0
    return block


def untrained():
    return initialise(Flux(FLUX), torch.Generator().manual_seed(0))


def test_zero_gates_make_a_double_block_the_identity():
    block = randomise(DoubleStreamBlock(FLUX))
    close_gates(block, [block.img_mod.lin, block.txt_mod.lin])
    img, txt, vec, pe = streams()

    img_out, txt_out = block(img, txt, vec, pe)

    assert torch.equal(img_out, img) and torch.equal(txt_out, txt)


def test_zero_gates_make_a_single_block_the_identity():
    block = randomise(SingleStreamBlock(FLUX))
    close_gates(block, [block.modulation.lin])
    img, _, vec, pe = streams()

    assert torch.equal(block(img, vec, pe[:, :, :IMG]), img)


def test_a_bypassed_block_is_the_identity():
    block = randomise(DoubleStreamBlock(FLUX))
    img, txt, vec, pe = streams()

    with edit(block, {"bypass": True}):
        img_out, txt_out = block(img, txt, vec, pe)

    assert img_out is img and txt_out is txt


def test_with_the_same_weights_both_streams_are_treated_alike():
    block = randomise(DoubleStreamBlock(FLUX))
    for part in ("mod", "attn", "mlp"):
        weights = getattr(block, f"img_{part}").state_dict()
        getattr(block, f"txt_{part}").load_state_dict(weights)
    img, txt, vec, pe = streams()

    img_out, txt_out = block(img, txt, vec, pe)
    # Text and image change places, and their positions with them.
    swapped = torch.cat([pe[:, :, TXT:], pe[:, :, :TXT]], dim=2)
    txt_again, img_again = block(txt, img, vec, swapped)

    torch.testing.assert_close((img_again, txt_again), (img_out, txt_out), atol=1e-5, rtol=1e-5)


def test_the_streams_meet_only_in_attention():
    block = randomise(DoubleStreamBlock(FLUX))
    img, txt, vec, pe = streams()

    with edit(block, {"attn.z": lambda z, at: 0 * z}):
        alone, _ = block(img, txt, vec, pe)
        beside_other_text, _ = block(img, txt + 1, vec, pe)

    assert torch.equal(alone, beside_other_text)


def test_the_two_parts_of_a_single_block_are_added():
    block = randomise(SingleStreamBlock(FLUX))
    img, _, vec, pe = streams()
    pe = pe[:, :, :IMG]

    def only(channels):
        keep = torch.zeros(DIM + FLUX.mlp_hidden)
        keep[channels] = 1
        with edit(block, {"cat": lambda cat, at: keep * cat}):
            return block(img, vec, pe) - img

    attention, mlp, neither = only(slice(DIM)), only(slice(DIM, None)), only(slice(0))
    torch.testing.assert_close(
        img + attention + mlp - neither, block(img, vec, pe), atol=1e-5, rtol=1e-5
    )


def test_an_untrained_model_predicts_zero_velocity():
    assert not untrained()(**tiny_inputs()).any()


def test_every_block_of_an_untrained_model_is_the_identity():
    flux = untrained()
    img, txt, vec, pe = streams()

    for block in flux.double_blocks:
        assert torch.equal(block(img, txt, vec, pe)[0], img)
    for block in flux.single_blocks:
        assert torch.equal(block(img, vec, pe[:, :, :IMG]), img)


def test_an_untrained_model_can_learn():
    flux = untrained()

    flux(**tiny_inputs()).sub(1).square().mean().backward()

    # The last projection learns first; what lies behind it follows once it is no longer zero.
    assert flux.final_layer.linear.weight.grad.abs().max() > 0


def test_a_seed_gives_the_same_untrained_model():
    first, second = untrained().state_dict(), untrained().state_dict()

    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("block", range(2))
def test_a_random_model_has_no_block_that_does_nothing(block):
    flux, inputs = tiny_flux(), tiny_inputs()
    whole = flux(**inputs)

    for kind in ("double", "single"):
        with edit(flux, {f"{kind}.{block}.bypass": True}):
            assert (flux(**inputs) - whole).abs().max() > 0.01
