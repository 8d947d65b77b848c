"""ConceptAttention: concepts see the picture, the picture does not see them."""

import pytest
import torch
from reading_pipeline import reading_pipeline
from tiny_models import FLUX, SCHNELL, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.sampling.attend import attend
from fluxlearn.sampling.concepts import attend_concepts, concept_step, shares
from fluxlearn.trace.edit import edit
from fluxlearn.trace.find import NeverFiredError, UnknownPointError
from fluxlearn.trace.record import record
from fluxlearn.trace.sizes import TooLargeError
from fluxlearn.trace.tap import watched

TXT = 5
CLOSE = {"atol": 1e-5, "rtol": 1e-5}  # the order of sums differs


def features(count=3):
    """Made-up concepts."""
    return {f"concept {i}": torch.randn(FLUX.context_in_dim) for i in range(count)}


def test_the_picture_is_bit_identical():
    pipe, prompt = tiny_pipeline(), tiny_conditioning()
    alone = pipe.paint(prompt)

    with attend_concepts(pipe, features()):
        beside = pipe.paint(prompt)

    assert (beside.latents - alone.latents).abs().max() == 0


def test_a_recorder_of_the_text_stream_sees_the_text_only():
    flux, inputs = tiny_flux(), tiny_inputs()
    with record(flux, "*") as alone:
        flux(**inputs)

    with record(flux, "*") as outer, attend_concepts(flux, features()), record(flux, "*") as inner:
        flux(**inputs)

    for seen in (outer, inner):
        assert list(seen) == list(alone)
        assert all(torch.equal(seen[n].nan_to_num(7), alone[n].nan_to_num(7)) for n in alone)


def test_concepts_that_are_the_prompt_itself_retrace_the_text_stream():
    flux, points = tiny_flux(), ("attn.k", "attn.v", "txt.z", "txt.resid_post")
    names = [f"double.*.{point}" for point in points]
    with record(flux, ["embed.txt", "vec", *names]) as seen:
        flux(**tiny_inputs())

    c = seen["embed.txt"]
    for i, block in enumerate(flux.double_blocks):
        k, v, z, c_after = (seen[f"double.{i}.{point}"] for point in points)
        z_c, c = concept_step(block, c, seen["vec"], k[:, :, TXT:], v[:, :, TXT:])

        torch.testing.assert_close(z_c, z, **CLOSE)
        torch.testing.assert_close(c, c_after, **CLOSE)


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_maps_are_shares_of_what_text_and_picture_gathered(config):
    flux, inputs = tiny_flux(config), tiny_inputs(config, batch=1)
    inputs["y"] = torch.zeros_like(inputs["y"])  # concepts are modulated without CLIP
    words = {str(i): row for i, row in enumerate(inputs["txt"][0])}

    with record(flux, ["double.*.txt.z", "double.*.img.z"]) as seen:
        with attend_concepts(flux, words) as maps:
            flux(**inputs)

    for i in range(2):
        expected = shares(seen[f"double.{i}.img.z"], seen[f"double.{i}.txt.z"])
        found = torch.stack([maps[name].values[i].flatten(1) for name in words], dim=-1)
        torch.testing.assert_close(found, expected, **CLOSE)


def test_every_place_is_shared_out_between_the_concepts():
    pipe = tiny_pipeline()

    with attend_concepts(pipe, features(), blocks="double.1", steps=[1, 2]) as maps:
        pipe.paint(tiny_conditioning(), height=32, width=48)

    assert maps["concept 0"].axes == ("step", "block", "batch", "h", "w")
    assert maps["concept 0"].values.shape == (2, 1, 2, 2, 3)
    total = sum(concept.values for concept in maps.values())
    torch.testing.assert_close(total, torch.ones_like(total))


def test_a_block_that_is_not_asked_for_still_moves_the_concepts():
    flux, inputs, given = tiny_flux(), tiny_inputs(), features()

    with attend_concepts(flux, given) as both, attend_concepts(flux, given, blocks="*.1") as last:
        flux(**inputs)

    assert torch.equal(both["concept 0"].values[1], last["concept 0"].values[0])


def test_a_bypassed_block_moves_no_concept():
    flux, inputs, given = tiny_flux(), tiny_inputs(), features()

    with edit(flux, {"double.0.bypass": True}), attend_concepts(flux, given) as maps:
        flux(**inputs)

    assert maps["concept 1"].values[0].isnan().all()
    assert not maps["concept 1"].mean().isnan().any()


def test_a_mean_over_steps_and_blocks_is_taken_as_values_come_in():
    pipe, given = tiny_pipeline(), features()

    with attend_concepts(pipe, given) as apart:
        with attend_concepts(pipe, given, average=("step", "block")) as mean:
            pipe.paint(tiny_conditioning())

    expected = apart["concept 2"].values.mean(dim=(0, 1))
    torch.testing.assert_close(mean["concept 2"].values, expected)


def test_a_pipeline_reads_concepts_that_the_prompt_does_not_name():
    pipe, prompt = reading_pipeline(), "a red circle"

    with attend_concepts(pipe, ("circle", "blue square", "left")) as maps:
        with attend(pipe, "red", prompt=prompt) as words:
            picture = pipe.paint(prompt)

    assert list(maps) == ["circle", "blue square", "left"]
    assert maps["circle"].values.shape[1] == 2 and words["red"].values.shape[1] == 4
    assert "circle most at row" in maps.over(picture).alt


def test_a_concept_of_several_tokens_is_their_mean():
    pipe = reading_pipeline()
    txt = pipe.text.t5(["circle", "blue square"])
    by_hand = {"circle": txt[0, 0], "blue square": txt[1, :2].mean(dim=0)}

    with attend_concepts(pipe, ("circle", "blue square")) as read:
        with attend_concepts(pipe, by_hand) as given:
            pipe.paint("a red circle")

    assert torch.equal(read["blue square"].values, given["blue square"].values)


REFUSED = {
    "one concept": (features(1), {}, ValueError, "two different ones or more.*background"),
    "no concept": ([], {}, ValueError, r"concepts are \[\]"),
    "one text": ("circle", {}, TypeError, "the one text 'circle'.*Pass a list"),
    "text without T5": (["circle", "square"], {}, TypeError, "has no T5"),
    "single blocks": (features(), {"blocks": "single.*"}, UnknownPointError, "single.*img.z"),
    "a mean over heads": (features(), {"average": "head"}, ValueError, "have no heads"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_mapped_is_refused_before_anything_runs(why):
    concepts, options, error, message = REFUSED[why]

    with pytest.raises(error, match=message):
        with attend_concepts(tiny_pipeline(), concepts, **options):
            pytest.fail("the block must not run")

    assert not watched()


def test_features_of_another_width_are_refused():
    given = {"one": torch.randn(7), "two": torch.randn(7)}

    with pytest.raises(ValueError, match=r"'one' has the shape \(7,\), but .* 20"):
        with attend_concepts(tiny_flux(), given):
            pytest.fail("the block must not run")


def test_too_many_maps_are_refused_and_nothing_is_left_behind():
    flux = tiny_flux()

    # 2 blocks · 2 pictures · 6 places · 3 concepts · 4 bytes
    with pytest.raises(TooLargeError, match=r"concepts of 2 blocks .* would hold 288 B.*'block'"):
        with attend_concepts(flux, features(), max_bytes=287):
            flux(**tiny_inputs())

    assert not watched()


def test_a_model_that_did_not_run_is_an_error_on_leaving():
    with pytest.raises(NeverFiredError, match="Did the model run"):
        with attend_concepts(tiny_flux(), features()):
            pass
