"""What is written for diffusers means there what it means here, and conversions agree."""

import copy

import pytest
import torch
from tiny_loras import lora_file
from tiny_models import FLUX, tiny_flux
from twins import diffusers, transformer_like

from fluxlearn import lora
from fluxlearn.checkpoints.diffusers import to_diffusers

pytestmark = pytest.mark.reference

ENDINGS = (".lora_A.weight", ".lora_B.weight")


def layers_of(tensors):
    """down and up of every layer of a file in diffusers' format."""
    names = {key.removesuffix(ENDINGS[0]) for key in tensors if key.endswith(ENDINGS[0])}
    return {name: [tensors[name + ending] for ending in ENDINGS] for name in sorted(names)}


def their_state_dict(tensors, **options):
    return diffusers.loaders.FluxLoraLoaderMixin.lora_state_dict(dict(tensors), **options)


def test_the_matrices_added_to_their_layers_make_the_model_that_is_fused_here():
    flux, found = tiny_flux(), lora.read(lora_file("kohya"))
    # The twin shares its memory with the model that it is made from.
    twin = transformer_like(copy.deepcopy(flux))

    for name, (down, up) in layers_of(lora.to_tensors(found, "diffusers")).items():
        twin.get_submodule(name.removeprefix("transformer.")).weight.data += up @ down
    lora.fuse(flux, found)

    for name, weight in to_diffusers(flux.state_dict(), FLUX).items():
        # Integers up to 36, added once to weights of size 1.
        torch.testing.assert_close(twin.state_dict()[name], weight, atol=4e-6, rtol=0)


@pytest.mark.parametrize("rank", [4, 3], ids=["exact", "rounded"])
@pytest.mark.parametrize(("depths", "dim"), [((2, 0), 32), ((0, 1), 3072)])
def test_a_kohya_file_is_converted_as_they_do_it(rank, depths, dim):
    tensors = lora_file("kohya", rank=rank, alpha=2.0, dim=dim, depths=depths)

    theirs = lora.read(their_state_dict(tensors))
    ours = lora.read(lora.to_tensors(lora.read(tensors), "diffusers"))

    assert theirs.patches.keys() == ours.patches.keys()
    for name, patches in ours.patches.items():
        for our, their in zip(patches, theirs.patches[name], strict=True):
            probe = torch.randn(our.down.shape[1], 2)
            change, expected = (p.scale * p.up @ (p.down @ probe) for p in (our, their))
            torch.testing.assert_close(change, expected, rtol=1e-4, atol=1e-3)


def test_an_xlabs_file_is_converted_as_they_do_it():
    tensors = lora_file("xlabs")

    theirs = their_state_dict(tensors)

    ours = lora.to_tensors(lora.read(tensors), "diffusers")
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[key], ours[key]) for key in ours)


def test_they_find_the_alphas_that_we_keep():
    tensors = lora.to_tensors(lora.read(lora_file("kohya", rank=3, alpha=1.0)), "diffusers")

    found, alphas = their_state_dict(tensors, return_alphas=True)

    assert len(alphas) == len(layers_of(found)) == 40
    assert {alpha.item() for alpha in alphas.values()} == {1.0}
