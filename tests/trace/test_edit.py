"""Editing: the rest of the pass sees what the edit gave back, and only where it was asked to."""

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.trace.edit import edit
from fluxlearn.trace.find import NeverFiredError, UnknownPointError
from fluxlearn.trace.record import record
from fluxlearn.trace.stop import stop_after
from fluxlearn.trace.tap import watched


def test_an_edit_that_returns_its_input_changes_nothing():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)

    with edit(flux, {"double.*.img.q": lambda x, at: x}):
        assert torch.equal(flux(**inputs), alone)


def test_bypassing_every_block_leaves_only_the_embeddings():
    flux, inputs = tiny_flux(), tiny_inputs()

    with (
        record(flux, ["embed.img", "final.resid"]) as seen,
        edit(flux, {"*.bypass": True}),
    ):
        flux(**inputs)

    assert torch.equal(seen["final.resid"], seen["embed.img"])


def test_zero_gates_equal_a_bypass():
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, {"single.1.bypass": True}):
        bypassed = flux(**inputs)
    with edit(flux, {"single.1.mod.gate": lambda x, at: 0 * x}):
        gated = flux(**inputs)

    assert torch.equal(bypassed, gated)


@pytest.mark.parametrize("stream", ["img", "txt"])
def test_an_edited_stream_is_what_attention_is_added_to(stream):
    flux, block = tiny_flux(), f"double.0.{stream}"

    with (
        edit(flux, {f"{block}.resid_pre": lambda x, at: x + 1}),
        record(flux, [f"{block}.{part}" for part in ("resid_pre", "attn_write", "resid_mid")]) as r,
    ):
        flux(**tiny_inputs())

    expected = r[f"{block}.resid_pre"] + r[f"{block}.attn_write"]
    assert torch.equal(r[f"{block}.resid_mid"], expected)


def test_a_mask_knocks_out_attention_to_the_tokens_it_names():
    flux, inputs = tiny_flux(), tiny_inputs()
    blind = torch.zeros(11, 11)
    blind[5:, :5] = float("-inf")  # image queries cannot see text keys

    with edit(flux, {"*.attn.mask": blind}):
        first = flux(**inputs)
        second = flux(**(inputs | {"txt": torch.randn_like(inputs["txt"])}))

    torch.testing.assert_close(first, second)


def test_an_edit_is_told_where_and_when_it_happens():
    pipe, told = tiny_pipeline(), []

    with edit(pipe, {"double.1.txt.v": lambda x, at: told.append(at) or x}, steps=[1]):
        pipe.paint(tiny_conditioning(), steps=3)

    (at,) = told
    assert (at.point, at.layer, at.stream, at.step, at.branch) == (
        "double.1.txt.v", 1, "txt", 1, "cond",
    )  # fmt: skip
    assert 0 < at.time < 1


def test_an_edit_of_some_steps_leaves_the_steps_before_alone():
    pipe, prompt = tiny_pipeline(), tiny_conditioning()
    alone = [state.x_t for state in pipe.steps(prompt, steps=3)]

    with edit(pipe, {"vec": lambda x, at: -x}, steps=[1]):
        edited = [state.x_t for state in pipe.steps(prompt, steps=3)]

    assert torch.equal(edited[1], alone[1])
    assert not torch.equal(edited[2], alone[2])


def test_the_prompt_can_be_swapped_after_a_step():
    pipe, first, second = tiny_pipeline(), tiny_conditioning(), tiny_conditioning()

    with edit(pipe, {"in.txt": second.txt, "in.clip": second.pooled}):
        swapped = pipe.paint(first)

    assert torch.equal(swapped.pixels, pipe.paint(second).pixels)


def test_an_inner_edit_works_on_what_the_outer_made():
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, {"vec": lambda x, at: x + 1}), edit(flux, {"vec": lambda x, at: 2 * x}):
        with record(flux, "vec") as seen:
            flux(**inputs)
    with record(flux, "vec") as plain:
        flux(**inputs)

    torch.testing.assert_close(seen["vec"], 2 * (plain["vec"] + 1))


def test_edits_carry_gradients():
    flux, inputs = tiny_flux(), tiny_inputs()
    direction = torch.zeros(32, requires_grad=True)

    with edit(flux, {"double.0.img.resid_post": lambda x, at: x + direction}):
        flux(**inputs).square().sum().backward()

    assert direction.grad.abs().max() > 0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda x, at: None, TypeError, "Does the function return"),
        (lambda x, at: x[:, :1, :5], ValueError, "Keep shape"),
        (lambda x, at: x.double(), ValueError, "torch.float64"),
        (lambda x, at: 3.0, TypeError, "instead of a tensor"),
    ],
    ids=["nothing", "shape", "dtype", "number"],
)
def test_an_edit_that_gives_back_something_else_is_refused(change, error, words):
    flux, inputs = tiny_flux(), tiny_inputs()

    with pytest.raises(error, match=words), edit(flux, {"double.0.img.norm1": change}):
        flux(**inputs)

    assert not watched()


def test_a_bypass_takes_only_true_or_false():
    flux, inputs = tiny_flux(), tiny_inputs()

    with pytest.raises(TypeError, match="True or False"), edit(flux, {"single.0.bypass": 1.0}):
        flux(**inputs)


def test_a_misspelt_edit_raises_before_the_forward():
    with pytest.raises(UnknownPointError, match="Did you mean"):
        with edit(tiny_flux(), {"double.0.img.gat1": True}):
            pytest.fail("the block must not run")


def test_an_edit_that_never_took_place_raises_on_leaving():
    pipe = tiny_pipeline()

    with pytest.raises(NeverFiredError, match="never took place"):
        with edit(pipe, {"vec": lambda x, at: x}, steps=range(7, 9)):
            pipe.paint(tiny_conditioning(), steps=2)


def test_what_comes_after_a_stop_is_never_computed():
    flux, inputs = tiny_flux(), tiny_inputs()

    with (
        record(flux, "*.resid_post") as seen,
        stop_after(flux, "double.0.txt.resid_post"),
    ):
        flux(**inputs)
        pytest.fail("the forward must not finish")

    assert list(seen) == ["double.0.img.resid_post"] + ["double.0.txt.resid_post"]
    assert not watched()


def test_stopping_at_a_point_that_never_comes_raises():
    with pytest.raises(NeverFiredError, match="nothing was stopped"):
        with stop_after(tiny_flux(), "vec"):
            pass


def test_a_pipeline_can_be_stopped_in_the_middle_of_a_step():
    pipe = tiny_pipeline()

    with record(pipe, "step.v") as seen, stop_after(pipe, "step.x0_hat"):
        pipe.paint(tiny_conditioning())

    assert seen["step.v"].shape[0] == 1
