"""What is knocked out is not looked at, whoever else is."""

import pytest
import torch
from reading_pipeline import LENGTH, reading_pipeline
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.sampling.attend import attend
from fluxlearn.sampling.interventions.knock_out import knock_out
from fluxlearn.sampling.interventions.places import find_tokens
from fluxlearn.trace.edit import edit

PROMPT = "a red circle left of a blue square"


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return reading_pipeline()


def test_a_picture_that_cannot_see_the_text_does_not_depend_on_it():
    flux, inputs = tiny_flux(), tiny_inputs()
    other = inputs | {"txt": torch.randn_like(inputs["txt"])}

    with edit(flux, knock_out("*", queries="<image>", keys=range(5))):
        first, second = flux(**inputs), flux(**other)

    torch.testing.assert_close(first, second)
    assert not torch.allclose(flux(**inputs), flux(**other))


def test_a_word_knocked_out_gets_no_attention_and_the_rest_shares_it(pipe):
    red = find_tokens(pipe, "red", PROMPT)

    with edit(pipe, knock_out("double.*", queries="<image>", keys=red)):
        with attend(pipe, ("red", "<words>", "<end>", "<padding>", "<image>"), prompt=PROMPT) as m:
            pipe.paint(PROMPT)

    assert (m["red"].by_block[:2] == 0).all()
    assert (m["red"].by_block[2:] > 0).all()
    total = sum(m[name].by_block for name in ("<words>", "<end>", "<padding>", "<image>"))
    torch.testing.assert_close(total, torch.ones_like(total), atol=1e-5, rtol=0)


def test_keys_are_hidden_from_the_named_queries_only():
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, knock_out("double.0", queries=[0, 1], keys=[3])):
        with attend(flux, {"third": [3]}, blocks="double.0") as from_image:
            edited = flux(**inputs)

    assert (from_image["third"].values > 0).all()
    assert not torch.equal(edited, flux(**inputs))


def test_without_queries_a_token_is_hidden_from_all():
    flux, inputs = tiny_flux(), tiny_inputs()
    other = inputs | {"txt": inputs["txt"].clone()}
    other["txt"][:, 3] += 1

    with edit(flux, knock_out("*", keys=[3])):
        first, second = flux(**inputs), flux(**other)

    torch.testing.assert_close(first, second)


def test_padding_can_be_removed(pipe):
    padding = find_tokens(pipe, "<padding>", PROMPT)

    with edit(pipe, knock_out("*", keys=padding)):
        with attend(pipe, "<padding>", prompt=PROMPT) as maps:
            pipe.paint(PROMPT)

    assert padding == [list(range(9, LENGTH))]
    assert (maps["<padding>"].values == 0).all()


def test_each_picture_of_a_batch_has_its_own_tokens(pipe):
    prompts = ["a red square", "square left of a red circle"]
    rows = find_tokens(pipe, ("red", "square"), prompts)

    with edit(pipe, knock_out("*", queries="<image>", keys=rows)):
        with attend(pipe, ("red", "<words>"), prompt=prompts) as maps:
            pipe.paint(prompts)

    assert rows == [[1, 2], [0, 4]]
    assert (maps["red"].values == 0).all()
    assert (maps["<words>"].values > 0).all()


FIRST_HIDDEN = torch.zeros(11, 11).index_fill(1, torch.tensor([1]), float("-inf"))


@pytest.mark.parametrize("keys", [[2], [[2], [2]]], ids=["all pictures alike", "one by one"])
@pytest.mark.parametrize(
    "outer",
    [knock_out("*", keys=[1]), {"*.attn.mask": FIRST_HIDDEN.expand(2, 1, 11, 11)}],
    ids=["knock-out", "mask"],
)
def test_what_was_hidden_outside_stays_hidden(outer, keys):
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, outer), edit(flux, knock_out("*", keys=keys)):
        with attend(flux, {"first": [1], "second": [2], "third": [3]}) as maps:
            flux(**inputs)

    assert (maps["first"].values == 0).all()
    assert (maps["second"].values == 0).all()
    assert (maps["third"].values > 0).all()


def test_a_mask_keeps_the_shape_and_kind_that_it_had():
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, {"*.attn.mask": FIRST_HIDDEN}), edit(flux, knock_out("*", keys=[2])):
        added = flux(**inputs)
    with edit(flux, {"*.attn.mask": FIRST_HIDDEN == 0}), edit(flux, knock_out("*", keys=[2])):
        chosen = flux(**inputs)

    torch.testing.assert_close(added, chosen)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mask_has_the_precision_of_the_model(dtype):
    pipe = tiny_pipeline()
    pipe.flux.to(dtype)

    with edit(pipe, knock_out("*", queries="<image>", keys=[0])):
        assert pipe.paint(tiny_conditioning()).pixels.isfinite().all()


def test_a_token_beyond_the_sequence_is_refused():
    flux = tiny_flux()

    with pytest.raises(ValueError, match=r"'keys' stands at \[11\], but there are 11 tokens"):
        with edit(flux, knock_out("*", keys=[11])):
            flux(**tiny_inputs())
