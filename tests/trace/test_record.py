"""Recording: what is read is what the model computed, and it changes nothing."""

import pytest
import torch
from tiny_models import SCHNELL, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.trace.edit import edit
from fluxlearn.trace.find import NeverFiredError, UnknownPointError
from fluxlearn.trace.record import record, save_record
from fluxlearn.trace.reduce import keep, mean_heads, norm, stats, whole
from fluxlearn.trace.sizes import TooLargeError
from fluxlearn.trace.tap import watched


def test_recording_leaves_the_output_bit_identical():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)

    with record(flux, "*"):
        recorded = flux(**inputs)

    assert torch.equal(recorded, alone)


def test_a_picture_painted_while_recording_is_bit_identical():
    pipe, prompt = tiny_pipeline(), tiny_conditioning()
    alone = pipe.paint(prompt)

    with record(pipe, ["vec", "step.v"]):
        recorded = pipe.paint(prompt)

    assert torch.equal(recorded.pixels, alone.pixels)


def test_without_a_sampler_a_value_has_no_steps_axis():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "double.0.img.resid_post") as seen:
        flux(**inputs)

    assert seen["double.0.img.resid_post"].shape == (2, 6, 32)


def test_with_a_sampler_the_first_axis_is_the_recorded_steps():
    pipe = tiny_pipeline()

    with record(pipe, "double.*.img.resid_post", steps=[0, 2]) as seen:
        pipe.paint(tiny_conditioning(), steps=4)

    assert seen["double.1.img.resid_post"].shape == (2, 2, 4, 32)
    assert [m.step for m in seen.moments("double.1.img.resid_post")] == [0, 2]
    assert seen.moments("double.1.img.resid_post")[0].time == 1.0


def test_true_guidance_has_two_branches_that_differ():
    pipe = tiny_pipeline(SCHNELL, guidance_by="true")
    pipe._encode = lambda prompt: prompt if not isinstance(prompt, list) else tiny_conditioning()

    seen = {}
    for branch in ("cond", "uncond"):
        with record(pipe, "out.velocity", branch=branch) as values:
            pipe.paint(tiny_conditioning(), guidance=2.0, steps=2)
        seen[branch] = values["out.velocity"]

    assert seen["cond"].shape == seen["uncond"].shape == (2, 2, 4, 16)
    assert not torch.equal(seen["cond"], seen["uncond"])


def test_what_another_model_does_is_not_recorded():
    watched_model, other, inputs = tiny_flux(), tiny_flux(), tiny_inputs()

    with record(watched_model, "vec") as seen:
        expected = other(**inputs), watched_model(**inputs)
        assert expected[0].shape == expected[1].shape

    assert seen["vec"].shape == (2, 32)  # one call, so no axis of calls


def test_a_recorder_outside_an_edit_sees_the_value_before_it():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "vec") as outside, edit(flux, {"vec": lambda x, at: 0 * x}):
        with record(flux, "vec") as inside:
            flux(**inputs)

    assert outside["vec"].abs().max() > 0
    assert inside["vec"].abs().max() == 0


def test_recorded_values_are_copies_that_later_edits_do_not_touch():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "embed.img") as seen, edit(flux, {"embed.img": lambda x, at: x.zero_()}):
        flux(**inputs)

    assert seen["embed.img"].abs().max() > 0


def test_a_misspelt_name_raises_before_the_forward():
    with pytest.raises(UnknownPointError, match="Did you mean"), record(tiny_flux(), "vecc"):
        pytest.fail("the block must not run")


def test_a_point_that_never_fired_raises_on_leaving():
    with pytest.raises(NeverFiredError, match="never fired"), record(tiny_flux(), "vec"):
        pass


def test_a_step_that_never_came_raises_on_leaving():
    pipe = tiny_pipeline()

    with pytest.raises(NeverFiredError, match=r"at steps \[9\]"), record(pipe, "vec", steps=[9]):
        pipe.paint(tiny_conditioning(), steps=2)


def test_an_exception_inside_the_block_comes_through_and_leaves_nothing_behind():
    with pytest.raises(KeyError, match="mine"), record(tiny_flux(), "vec"):
        raise KeyError("mine")

    assert not watched()


def test_too_large_a_recording_is_refused_before_the_first_block():
    flux, inputs = tiny_flux(), tiny_inputs()
    reached = []

    with pytest.raises(TooLargeError, match=r"reduce=norm would hold .* reduce=stats would hold"):
        with (
            edit(flux, {"double.0.bypass": lambda x, at: reached.append(at) or x}),
            record(flux, "double.*", max_bytes=1000),
        ):
            flux(**inputs)

    assert reached == []


def test_the_byte_estimate_is_what_a_recording_holds():
    from fluxlearn.trace.sizes import estimate_bytes

    flux, inputs = tiny_flux(), tiny_inputs()
    with record(flux, "*.resid_post") as seen:
        flux(**inputs)
    held = sum(seen[name].nbytes for name in seen)

    sizes = {"batch": 2, "img": 6, "txt": 5, "seq": 11, "dim": 32}
    points = [point for point in flux.points() if point.name in seen]
    assert estimate_bytes(points, sizes, whole, calls=1) == held


@pytest.mark.parametrize(
    ("reducer", "shape"),
    [
        (norm, (2, 2, 6)),
        (stats, (4,)),
        (mean_heads, (2, 6, 16)),
        (keep("img", [0, 5]), (2, 2, 2, 16)),
    ],
    ids=["norm", "stats", "mean_heads", "keep"],
)
def test_a_reducer_gives_the_shape_it_tells(reducer, shape):
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "double.0.img.q", reduce=reducer) as seen:
        flux(**inputs)

    assert seen["double.0.img.q"].shape == shape
    sizes = {"batch": 2, "head": 2, "img": 6, "head_dim": 16}
    told = reducer.axes(["batch", "head", "img", "head_dim"])
    assert tuple(int(a) if a.isdigit() else sizes[a] for a in told) == shape


def test_stats_are_mean_spread_smallest_and_largest():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "vec") as whole, record(flux, "vec", reduce=stats) as four:
        flux(**inputs)

    x = whole["vec"]
    expected = torch.stack([x.mean(), x.std(correction=0), x.min(), x.max()])
    torch.testing.assert_close(four["vec"], expected)


def test_gradients_are_collected_in_a_backward_pass():
    flux, inputs = tiny_flux(), tiny_inputs()
    inputs["img"].requires_grad_(True)

    with record(flux, ["embed.img", "vec"], grad=True) as seen:
        flux(**inputs).square().sum().backward()

    torch.testing.assert_close(
        seen.grad["embed.img"] @ flux.img_in.weight, inputs["img"].grad, atol=1e-5, rtol=1e-4
    )


def test_a_record_is_saved_with_the_times_of_its_steps(tmp_path):
    from safetensors import safe_open

    pipe = tiny_pipeline()
    with record(pipe, "vec") as seen:
        pipe.paint(tiny_conditioning(), steps=2)

    path = save_record(seen, tmp_path / "seen.safetensors")

    with safe_open(path, framework="pt") as file:
        assert torch.equal(file.get_tensor("vec"), seen["vec"])
        assert file.metadata()["times"].startswith('{"vec": [1.0, ')


def test_values_are_moved_to_the_device_that_was_asked_for():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "vec", to="cpu") as seen:
        flux(**inputs)

    assert seen["vec"].device.type == "cpu"
