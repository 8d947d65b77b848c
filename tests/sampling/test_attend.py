"""`attend`: maps of words that are found by name, over the picture that they made."""

import pytest
import torch
from reading_pipeline import LENGTH, reading_pipeline
from tiny_models import SCHNELL, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

import fluxlearn as fl
from fluxlearn.config import PRESETS
from fluxlearn.sampling.attend import all_groups, attend
from fluxlearn.sampling.attention_bytes import estimate
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.trace.attention.looks import budget
from fluxlearn.trace.attention.probe import probe
from fluxlearn.trace.tap import watched

PROMPT = "a red circle left of a blue square"
CLOSE = {"atol": 1e-5, "rtol": 0}  # the order of sums differs


@pytest.fixture(scope="module")
def pipe():
    torch.manual_seed(0)
    return reading_pipeline()


def test_words_are_found_by_name_and_mapped_on_the_token_grid(pipe):
    with fl.attend(pipe, ("red", "blue square"), prompt=PROMPT) as maps:
        pipe.paint(PROMPT, height=32, width=48)

    assert list(maps) == ["red", "blue square"]
    assert maps["red"].axes == ("step", "block", "batch", "h", "w")
    assert maps["red"].values.shape == (2, 4, 1, 2, 3)
    assert maps.bytes == 2 * 4 * 6 * 2 * 4


def test_a_name_gives_the_same_map_as_its_positions(pipe):
    with attend(pipe, ("red", "blue square"), prompt=PROMPT) as named:
        with attend(pipe, {"one": [1], "two": [6, 7]}) as counted:
            pipe.paint(PROMPT)

    assert torch.equal(named["red"].values, counted["one"].values)
    assert torch.equal(named["blue square"].values, counted["two"].values)


def test_the_five_regions_add_up_to_one(pipe):
    regions = ("<words>", "<end>", "<padding>", "<image>", "<reference>")
    with attend(pipe, regions, prompt=PROMPT) as maps:
        pipe.paint(PROMPT)

    total = sum(word.values for word in maps.values())

    torch.testing.assert_close(total, torch.ones_like(total), **CLOSE)
    assert (maps["<padding>"].values > 0).all()
    assert (maps["<reference>"].values == 0).all()


def test_a_budget_of_all_regions_is_taken_per_head(pipe):
    with probe(pipe, budget(all_groups(pipe, PROMPT))) as seen:
        pipe.paint(PROMPT)

    assert seen.values.shape == (2, 4, 1, 5, 5)
    torch.testing.assert_close(seen.values[..., :4, :].sum(-1), torch.ones(2, 4, 1, 4), **CLOSE)


def test_a_picture_painted_while_attending_is_bit_identical(pipe):
    alone = pipe.paint(PROMPT)

    with attend(pipe, "red", prompt=PROMPT):
        attended = pipe.paint(PROMPT)

    assert torch.equal(attended.pixels, alone.pixels)


def test_a_mean_over_some_axes_is_asked_for_by_name(pipe):
    with attend(pipe, ["red"], prompt=PROMPT, average=()) as maps:
        pipe.paint(PROMPT)
    red = maps["red"]

    assert red.axes == ("step", "block", "batch", "head", "h", "w")
    torch.testing.assert_close(red.by_step, red.values.mean(dim=(1, 3)))
    torch.testing.assert_close(red.by_block, red.values.mean(dim=(0, 3)))
    torch.testing.assert_close(red.by_head, red.values.mean(dim=(0, 1)))
    torch.testing.assert_close(red.mean(), red.values.mean(dim=(0, 1, 3)))


def test_an_axis_that_is_gone_is_named(pipe):
    with attend(pipe, "red", prompt=PROMPT) as maps:
        pipe.paint(PROMPT)

    with pytest.raises(ValueError, match=r"no axis 'head' in \[step, block, batch, h, w\]"):
        maps["red"].by_head  # noqa: B018


def test_a_bypassed_block_does_not_spoil_the_mean(pipe):
    with fl.edit(pipe, {"single.0.bypass": True}), attend(pipe, "red", prompt=PROMPT) as maps:
        pipe.paint(PROMPT)

    assert maps["red"].by_block[2].isnan().all()
    assert not maps["red"].mean().isnan().any()


def test_several_prompts_have_their_words_each_in_their_own_place(pipe):
    prompts = ["a red square", "square left of a red circle"]

    with attend(pipe, ("red", "<words>"), prompt=prompts) as maps:
        pipe.paint(prompts)
    with attend(pipe, {"red": [[1], [4]]}) as counted:
        pipe.paint(prompts)

    assert maps["red"].values.shape == (2, 4, 2, 2, 2)
    assert torch.equal(maps["red"].values, counted["red"].values)


def test_a_saved_conditioning_is_a_prompt(pipe):
    told = pipe.text(PROMPT)

    with attend(pipe, "red", prompt=told) as maps:
        picture = pipe.paint(told)

    assert maps["red"].over(picture).alt


def test_a_bare_flux_needs_no_prompt():
    flux = tiny_flux()

    with attend(flux, {"second": [1]}, blocks="double.*") as maps:
        flux(**tiny_inputs())

    assert maps.blocks == ("double.0", "double.1")
    assert maps["second"].values.shape == (2, 2, 2, 3)  # block, batch, h, w
    assert maps.moments == []


def test_the_image_is_a_region_of_any_model():
    flux = tiny_flux()

    with attend(flux, ("<image>", "<reference>")) as maps, attend(flux, {"t": range(5)}) as text:
        flux(**tiny_inputs())

    total = maps["<image>"].values + text["t"].values
    torch.testing.assert_close(total, torch.ones_like(total), **CLOSE)


def test_the_empty_prompt_of_true_guidance_has_no_words_but_regions():
    pipe = reading_pipeline(SCHNELL, guidance_by="true")

    with attend(pipe, "<padding>", prompt="", branch="uncond") as maps:
        picture = pipe.paint(PROMPT, guidance=2.0)

    assert maps["<padding>"].values.shape == (2, 4, 1, 2, 2)
    assert maps.over(picture).alt
    with pytest.raises(ValueError, match="'uncond', which reads the empty prompt"):
        with attend(pipe, "red", prompt=PROMPT, branch="uncond"):
            pytest.fail("the block must not run")


def test_maps_say_what_they_hold(pipe):
    with attend(pipe, ("red", "blue"), prompt=PROMPT) as maps:
        before = repr(maps)
        pipe.paint(PROMPT)

    assert before == "<maps of red, blue: nothing was painted yet>"
    assert repr(maps) == "<maps of red, blue: step 2, block 4, batch 1, h 2, w 2; 256 B>"
    assert repr(maps["red"]) == "<map of 'red': step 2, block 4, batch 1, h 2, w 2>"


def test_a_map_is_drawn_over_the_picture_it_belongs_to(pipe):
    with attend(pipe, ("red", "blue"), prompt=PROMPT) as maps:
        picture = pipe.paint(PROMPT)

    assert "red most at row" in maps["red"].over(picture).alt
    assert len(maps.over(picture).axes) == 3
    assert maps["red"].over(picture.image).alt == maps["red"].over(picture).alt


def test_a_map_is_not_drawn_over_the_picture_of_another_prompt(pipe):
    with attend(pipe, "red", prompt=PROMPT) as maps:
        picture = pipe.paint("a blue square")

    with pytest.raises(ValueError, match="painted for .*a blue square.*prompt that is painted"):
        maps["red"].over(picture)


def test_a_word_that_was_not_mapped_is_met_with_those_that_were(pipe):
    with attend(pipe, ("red", "blue"), prompt=PROMPT) as maps:
        with pytest.raises(RuntimeError, match="nothing was painted yet"):
            maps["red"]  # noqa: B018
        pipe.paint(PROMPT)

    with pytest.raises(KeyError, match="'green' has no map. There is red, blue"):
        maps["green"]  # noqa: B018


def test_words_of_a_text_encoder_with_another_length_are_refused(pipe):
    txt = torch.randn(1, LENGTH - 1, 20)
    other = Conditioning(txt=txt, pooled=torch.randn(1, 12), prompts=(PROMPT,))

    with pytest.raises(ValueError, match="among 12 text tokens, but the model was given 11"):
        with attend(pipe, "red", prompt=other):
            pipe.paint(other)

    assert not watched()


REFUSED = {
    "a missing word": (
        ("green",), {"prompt": PROMPT}, ValueError, "There is a#1, red, circle, left, of, a#2, blue"
    ),
    "a word in one prompt only": (
        ("red",), {"prompt": [PROMPT, "a circle"]}, ValueError, "'red' is no word of 'a circle'"
    ),
    "an unknown region": (
        ("<pad>",), {"prompt": PROMPT}, ValueError, "There are <words>, <end>, <padding>, <image>"
    ),
    "no word": ((), {"prompt": PROMPT}, ValueError, "words is empty"),
    "no prompt": (("red",), {}, TypeError, "prompt is missing"),
    "an empty list of prompts": (("red",), {"prompt": []}, ValueError, "prompt is an empty list"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_found_is_refused_before_anything_runs(why, pipe):
    words, options, error, message = REFUSED[why]

    with pytest.raises(error, match=message), attend(pipe, words, **options):
        pytest.fail("the block must not run")

    assert not watched()


def test_without_a_tokenizer_words_are_given_by_position():
    for model in (tiny_pipeline(), tiny_flux()):
        with pytest.raises(TypeError, match=r"has no T5, .* token positions: \{'red': \[2\]\}"):
            with attend(model, "red", prompt=PROMPT):
                pytest.fail("the block must not run")

    pipe = tiny_pipeline()
    with attend(pipe, {"red": [2]}) as maps:
        pipe.paint(tiny_conditioning())
    assert maps["red"].mean().shape == (2, 2, 2)


def test_eight_words_of_a_picture_hold_209_megabytes_where_all_would_be_terabytes():
    held = estimate(PRESETS["flux-dev"], 1024, 1024, steps=28, words=8)

    assert held.maps == 28 * 57 * 4096 * 8 * 4 == 209_190_912
    assert held.maps_by_head == 24 * held.maps
    assert held.head == 4608 * 4608 * 4
    assert held.picture == 28 * 57 * held.block == 28 * 57 * 24 * held.head
    assert repr(held).splitlines()[2].endswith("3.25 TB")
    assert repr(held).splitlines()[4].endswith("209 MB")


def test_the_table_of_the_estimates_docstring_is_the_estimate():
    from fluxlearn.sampling import attention_bytes
    from fluxlearn.trace.attention import seen

    told = repr(estimate(PRESETS["flux-dev"], 1024, 1024, steps=28, words=8))
    sizes = [" ".join(line.split()[-2:]) for line in told.splitlines()]

    assert all(size in attention_bytes.__doc__ for size in sizes), sizes
    assert all(size in seen.__doc__ for size in sizes[3:]), sizes


def test_the_estimate_is_what_maps_hold():
    pipe = tiny_pipeline()
    with attend(pipe, {"one": [1], "two": [2]}) as maps:
        pipe.paint(tiny_conditioning(batch=1), steps=3, height=32, width=48)

    held = estimate(pipe.flux.config, 32, 48, steps=3, words=2, txt=5)

    assert held.maps == maps.bytes
