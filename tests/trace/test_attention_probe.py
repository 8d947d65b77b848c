"""The probe: what it keeps is the attention that took place, and it changes nothing."""

import pytest
import torch
from tiny_models import SCHNELL, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.trace.attention.groups import LATER, PICTURE, REFERENCE, Groups, as_groups
from fluxlearn.trace.attention.looks import budget, masses, spread, strongest, whole_head
from fluxlearn.trace.attention.probe import probe
from fluxlearn.trace.attention.seen import Keep
from fluxlearn.trace.edit import edit
from fluxlearn.trace.find import NeverFiredError, UnknownPointError
from fluxlearn.trace.record import record
from fluxlearn.trace.sizes import TooLargeError
from fluxlearn.trace.stop import stop_after
from fluxlearn.trace.tap import watched

TXT, IMG = 5, 6
GROUPS = as_groups({"one": [2], "two": [0, 4]})
APART = Keep(average=())
CLOSE = {"atol": 1e-5, "rtol": 0}  # the order of sums differs
LOOKS = {
    "masses": lambda: masses(GROUPS),
    "budget": lambda: budget(GROUPS),
    "spread": spread,
    "strongest": lambda: strongest(3),
    "whole_head": lambda: whole_head(1),
}


def looked(look, keep=APART, blocks="*", inputs=None):
    """A tiny forward under a probe."""
    flux = tiny_flux()
    with probe(flux, look, blocks=blocks, keep=keep) as seen:
        flux(**(inputs or tiny_inputs()))
    return seen


def full_softmax(q, k):
    """All probabilities at once."""
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)


def test_a_whole_head_times_the_values_is_what_the_head_gathered():
    flux = tiny_flux()
    with record(flux, ["single.1.attn.v", "single.1.attn.z"]) as heads:
        with probe(flux, whole_head(1), blocks="single.1", keep=APART) as seen:
            flux(**tiny_inputs())

    z = seen.values[0, :, 0] @ heads["single.1.attn.v"][:, 1]

    torch.testing.assert_close(z, heads["single.1.attn.z"][:, 1], **CLOSE)


def test_masses_are_sums_of_columns_of_the_full_softmax_in_every_block():
    flux = tiny_flux()
    with record(flux, "*.attn.[qk]") as heads:
        with probe(flux, masses(GROUPS), keep=APART) as seen:
            flux(**tiny_inputs())

    assert seen.blocks == ("double.0", "double.1", "single.0", "single.1")
    assert seen.axes == ("block", "batch", "head", "img", "region")
    for block, values in zip(seen.blocks, seen.values, strict=True):
        p = full_softmax(heads[f"{block}.attn.q"], heads[f"{block}.attn.k"])[:, :, TXT:]
        expected = torch.stack([p[..., 2], p[..., 0] + p[..., 4]], dim=-1)
        torch.testing.assert_close(values, expected, **CLOSE)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_gives_the_shape_it_tells(name):
    told = []
    look = LOOKS[name]()
    flux = tiny_flux()

    with probe(flux, look, blocks="double.0", keep=APART) as seen:
        seen.refuse = told.append
        flux(**tiny_inputs())

    assert tuple(seen.values.shape[1:]) == told[0]
    assert len(seen.axes) == seen.values.ndim


def test_looking_leaves_the_output_bit_identical():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)

    with probe(flux, masses(GROUPS)), probe(flux, spread()), probe(flux, whole_head(0)):
        assert torch.equal(flux(**inputs), alone)


@pytest.mark.parametrize(
    "average",
    ["step", "block", "head", ("step", "head"), ("block", "head"), ("step", "block", "head")],
)
def test_a_mean_taken_as_values_come_in_is_the_mean_of_all_of_them(average):
    pipe, prompt = tiny_pipeline(), tiny_conditioning()

    with probe(pipe, masses(GROUPS), keep=APART) as apart:
        with probe(pipe, masses(GROUPS), keep=Keep(average=average)) as mean:
            pipe.paint(prompt)

    assert apart.axes == ("step", "block", "batch", "head", "img", "region")
    gone = [i for i, axis in enumerate(apart.axes) if axis in mean.keep.axes]
    torch.testing.assert_close(mean.values, apart.values.mean(dim=gone), **CLOSE)
    assert mean.bytes < apart.bytes


def test_only_the_steps_that_were_asked_for_are_seen():
    pipe = tiny_pipeline()

    with probe(pipe, spread(), keep=Keep(steps=[0, 2])) as seen:
        pipe.paint(tiny_conditioning(), steps=4)

    assert [moment.step for moment in seen.moments] == [0, 2]
    assert seen.values.shape == (2, 4, 2, 4)  # step, block, batch, img


def test_a_solver_that_asks_twice_a_step_is_seen_twice_a_step():
    pipe = tiny_pipeline()

    with probe(pipe, spread()) as seen:
        pipe.paint(tiny_conditioning(), steps=2, solver="midpoint")

    assert [moment.step for moment in seen.moments] == [0, 0, 1, 1]


def test_each_branch_of_true_guidance_is_seen_by_itself():
    pipe = tiny_pipeline(SCHNELL, guidance_by="true")
    pipe.text = lambda prompts: tiny_conditioning(SCHNELL)

    with probe(pipe, spread(), keep=Keep(branch="cond")) as cond:
        with probe(pipe, spread(), keep=Keep(branch="uncond")) as uncond:
            pipe.paint(tiny_conditioning(SCHNELL), guidance=2.0, steps=2)

    assert cond.values.shape == uncond.values.shape == (2, 4, 2, 4)
    assert not torch.equal(cond.values, uncond.values)


def test_a_word_may_stand_elsewhere_in_each_picture():
    flux, inputs = tiny_flux(), tiny_inputs()

    with probe(flux, masses(as_groups({"one": [[2], [4, 0]]}))) as each:
        with probe(flux, masses(GROUPS)) as both:
            flux(**inputs)

    torch.testing.assert_close(each.values[:, 0, :, 0], both.values[:, 0, :, 0], **CLOSE)
    torch.testing.assert_close(each.values[:, 1, :, 0], both.values[:, 1, :, 1], **CLOSE)


def test_a_bypassed_block_looked_nowhere():
    flux = tiny_flux()

    with edit(flux, {"double.1.bypass": True}), probe(flux, spread()) as seen:
        flux(**tiny_inputs())

    assert seen.values[1].isnan().all()
    assert not seen.values[[0, 2, 3]].isnan().any()


def test_inside_an_edit_a_probe_sees_the_mask_and_outside_it_does_not():
    flux, blind = tiny_flux(), torch.zeros(TXT + IMG, TXT + IMG)
    blind[:, 2] = float("-inf")

    with probe(flux, masses(GROUPS)) as outside, edit(flux, {"*.attn.mask": blind}):
        with probe(flux, masses(GROUPS)) as inside:
            flux(**tiny_inputs())

    assert (inside.values[..., 0] == 0).all()
    assert (outside.values[..., 0] > 0).all()


def test_what_another_model_does_is_not_seen():
    mine, other, inputs = tiny_flux(), tiny_flux(), tiny_inputs()

    with probe(mine, spread()) as seen:
        expected = other(**inputs), mine(**inputs)
        assert expected[0].shape == expected[1].shape

    assert len(seen.moments) == 1


def test_the_budget_of_all_regions_adds_up_to_one_and_an_empty_region_gives_nothing():
    everything = {"text": (tuple(range(TXT)),), PICTURE: LATER, REFERENCE: LATER}

    seen = looked(budget(Groups(positions=everything)))

    rows = seen.values.sum(dim=-1)  # block, batch, head, region
    torch.testing.assert_close(rows[..., :2], torch.ones_like(rows[..., :2]), **CLOSE)
    assert rows[..., 2].isnan().all()
    assert (seen.values[..., :2, 2] == 0).all()


def test_the_tokens_of_a_reference_picture_are_no_place_of_the_picture():
    inputs = tiny_inputs(grid=(2, 3))
    inputs["img_ids"][:, 4:, 0] = 1  # the last two belong to a reference, the first row stays
    inputs["img_ids"][:, :4] = tiny_inputs(grid=(2, 2))["img_ids"]

    seen = looked(masses(Groups(positions={REFERENCE: LATER, PICTURE: LATER})), inputs=inputs)

    assert seen.layout.grid == (2, 2)
    assert seen.layout.reference.tolist() == [TXT + 4, TXT + 5]
    assert seen.values.shape[-2:] == (4, 2)
    assert (seen.values > 0).all()


def test_the_strongest_keys_are_pairs_of_a_share_and_a_place():
    flux = tiny_flux()
    with probe(flux, strongest(2), blocks="double.0", keep=APART) as best:
        with probe(flux, masses(as_groups({str(i): [i] for i in range(TXT + IMG)})), keep=APART,
                   blocks="double.0") as every:  # fmt: skip
            flux(**tiny_inputs())

    expected = every.values.topk(2)
    torch.testing.assert_close(best.values[..., 0], expected.values, **CLOSE)
    assert torch.equal(best.values[..., 1].long(), expected.indices)


def test_a_mean_of_places_is_refused():
    with pytest.raises(ValueError, match=r"the 3 strongest keys are places.*average=\(\)"):
        with probe(tiny_flux(), strongest(3)):
            pytest.fail("the block must not run")


def test_too_much_is_refused_before_anything_is_looked_at():
    flux, stopped = tiny_flux(), []
    look = masses(GROUPS)
    object.__setattr__(look, "apply", lambda sight: stopped.append(sight))

    # 4 blocks · 2 pictures · 2 heads · 6 places · 2 words · 4 bytes
    with pytest.raises(TooLargeError, match=r"would hold 768 B, more than max_bytes = 767 B.*"
                       r"average=\('head',\) would hold 384 B"):  # fmt: skip
        with probe(flux, look, keep=Keep(average=(), max_bytes=767)):
            flux(**tiny_inputs())

    assert stopped == []
    assert not watched()


def test_the_bytes_that_are_estimated_are_the_bytes_that_are_held():
    pipe = tiny_pipeline()
    with probe(pipe, masses(GROUPS), keep=Keep(steps=[0, 1])) as seen:
        pipe.paint(tiny_conditioning())

    # 2 steps · 4 blocks · 2 pictures · 4 places · 2 words
    assert seen.bytes == seen.values.nbytes == 4 * 2 * 4 * 2 * 4 * 2


def test_nothing_seen_is_an_error_on_leaving():
    with pytest.raises(NeverFiredError, match="Did the model run inside"):
        with probe(tiny_flux(), spread()):
            pass


def test_a_step_that_never_came_is_an_error_on_leaving():
    pipe = tiny_pipeline()

    with pytest.raises(NeverFiredError, match=r"at steps \[9\]"):
        with probe(pipe, spread(), keep=Keep(steps=[9])):
            pipe.paint(tiny_conditioning())


def test_what_was_seen_before_a_stop_is_kept():
    flux = tiny_flux()

    with probe(flux, spread()) as seen, stop_after(flux, "double.1.img.resid_pre"):
        flux(**tiny_inputs())

    assert not seen.values[0].isnan().any()
    assert seen.values[1:].isnan().all()


def test_a_misspelt_block_raises_before_the_forward():
    with pytest.raises(UnknownPointError, match="Did you mean"):
        with probe(tiny_flux(), spread(), blocks="doubles.0"):
            pytest.fail("the block must not run")


def test_a_block_that_stands_alone_is_refused():
    with pytest.raises(ValueError, match="DoubleStreamBlock does not tell where"):
        with probe(tiny_flux().double_blocks[0], spread()):
            pytest.fail("the block must not run")


def test_an_exception_inside_the_block_comes_through_and_leaves_nothing_behind():
    with pytest.raises(KeyError, match="mine"), probe(tiny_flux(), spread()):
        raise KeyError("mine")

    assert not watched()
