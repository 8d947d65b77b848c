"""Walking: every stage in order, each can be changed, and nothing stays behind when one leaves."""

import gc
import signal
import threading
import traceback
from time import sleep

import pytest
import torch
from tiny_models import SCHNELL, tiny_autoencoder, tiny_flux, tiny_inputs

from fluxlearn.trace.coroutine import THREAD
from fluxlearn.trace.edit import edit
from fluxlearn.trace.find import NeverFiredError, UnknownPointError
from fluxlearn.trace.record import record
from fluxlearn.trace.stop import stop_after
from fluxlearn.trace.tap import handling, watched
from fluxlearn.trace.walk import walk_call


def is_clean():
    """Whether no handler listens and no thread of a walk is alive."""
    return not watched() and THREAD not in [thread.name for thread in threading.enumerate()]


@pytest.fixture(autouse=True)
def nothing_stays_behind():
    assert is_clean()
    yield
    assert is_clean()


def velocity(flux, inputs, change):
    """What a forward comes to when `change(stage)` is called at every stage."""
    for stage in walk_call(flux, **inputs):
        change(stage)
    return stage.value


@pytest.mark.parametrize("options", [{}, {"config": SCHNELL}], ids=["dev", "schnell"])
def test_the_stages_are_the_tables_points_in_order(options):
    flux = tiny_flux(**options)

    walked = [stage.point for stage in walk_call(flux, **tiny_inputs(**options))]

    assert walked == [point.name for point in flux.points()]


def test_walking_leaves_the_output_bit_identical():
    flux, inputs = tiny_flux(), tiny_inputs()

    assert torch.equal(velocity(flux, inputs, lambda stage: None), flux(**inputs))


@pytest.mark.parametrize("point", ["in.txt", "pe", "vec", "double.1.txt.k", "single.0.write"])
def test_an_assigned_value_does_what_the_same_edit_does(point):
    flux, inputs = tiny_flux(), tiny_inputs()

    for stage in walk_call(flux, **inputs, break_at=[point, "out.velocity"]):
        if stage.point == point:
            stage.value = 0.5 * stage.value
    with edit(flux, {point: lambda x, at: 0.5 * x}):
        edited = flux(**inputs)

    assert torch.equal(stage.value, edited)
    assert not torch.equal(edited, flux(**inputs))


def test_a_block_can_be_bypassed_and_a_mask_put_in():
    flux, inputs = tiny_flux(), tiny_inputs()
    mask = torch.zeros(11, 11)
    mask[5:, :5] = float("-inf")

    walked = []
    for stage in walk_call(flux, **inputs):
        walked.append(stage.point)
        if stage.point == "double.0.bypass":
            stage.value = True
        if stage.point.endswith("attn.mask"):
            stage.value = mask
    with edit(flux, {"double.0.bypass": True, "*.attn.mask": mask}):
        edited = flux(**inputs)

    assert torch.equal(stage.value, edited)
    assert "double.0.img.q" not in walked and "double.1.img.q" in walked


def test_break_at_stops_only_there():
    flux = tiny_flux()

    walked = walk_call(flux, **tiny_inputs(), break_at=["vec", "single.*.write"])

    assert [stage.point for stage in walked] == ["vec", "single.0.write", "single.1.write"]


def test_a_misspelt_break_at_raises_before_anything_runs():
    flux = tiny_flux()
    flux.forward = lambda **inputs: pytest.fail("the model ran")

    with pytest.raises(UnknownPointError, match=r"Did you mean double\.0\.img\.resid_post"):
        walk_call(flux, **tiny_inputs(), break_at="double.0.img.resid_pst")


def test_a_point_to_which_the_pass_does_not_lead_is_told_at_the_end():
    autoencoder = tiny_autoencoder()
    walked = walk_call(autoencoder.decode, torch.zeros(1, 4, 4, 4), break_at=["*.mid", "encoder.*"])

    assert next(walked).point == "decoder.mid"
    with pytest.raises(NeverFiredError, match=r"never to 'encoder\.\*'"):
        next(walked)


def test_a_method_is_walked_like_a_forward():
    autoencoder = tiny_autoencoder()

    walked = [stage.point for stage in walk_call(autoencoder.encode, torch.zeros(1, 3, 32, 32))]

    names = [point.name for point in autoencoder.points()]
    assert walked == [n for n in names if not n.startswith("decoder.")]


def test_a_block_alone_is_walked():
    flux, inputs = tiny_flux(), tiny_inputs()
    arguments = ["embed.img", "embed.txt", "vec", "pe"]
    with record(flux, arguments) as seen:
        flux(**inputs)

    block = flux.double_blocks[1]
    walked = [stage.point for stage in walk_call(block, *(seen[name] for name in arguments))]

    assert walked == [point.name for point in block.points()]


def test_break_leaves_nothing_running_and_nothing_hooked():
    for stage in walk_call(tiny_flux(), **tiny_inputs()):
        if stage.point == "double.1.attn.z":
            break

    assert is_clean()


def test_an_exception_in_the_body_leaves_nothing_running_and_nothing_hooked():
    with pytest.raises(KeyError, match="mine"):
        for _ in walk_call(tiny_flux(), **tiny_inputs(), break_at="vec"):
            raise KeyError("mine")

    assert is_clean()


def test_an_exception_in_the_model_comes_out_with_its_traceback():
    flux, inputs = tiny_flux(), tiny_inputs()
    flux.single_blocks[1].linear2 = torch.nn.Linear(3, 3)

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as caught:
        velocity(flux, inputs, lambda stage: None)

    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert any(file.endswith("single_block.py") for file in files)
    assert files[1].endswith("test_walk.py")
    assert is_clean()


def test_a_walk_that_is_forgotten_leaves_nothing_running_and_nothing_hooked():
    walked = walk_call(tiny_flux(), **tiny_inputs())
    next(walked)
    assert not is_clean()

    del walked

    assert is_clean()


def test_a_forgotten_walk_in_a_circle_of_references_ends_when_it_is_collected():
    circle = [walk_call(tiny_flux(), **tiny_inputs())]
    circle.append(circle)
    next(circle[0])

    del circle
    gc.collect()

    assert is_clean()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals one thread: POSIX only")
def test_an_interrupt_inside_the_model_leaves_nothing_running_and_nothing_hooked():
    reached = []

    def interrupt(owner, point, value):
        reached.append(point)
        if point == "double.0.img.q":
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        if "double.0.img.q" in reached:
            sleep(0.02)  # the interrupt has all the rest of the pass to arrive
        return value

    with pytest.raises(KeyboardInterrupt), handling(interrupt):
        for _ in walk_call(tiny_flux(), **tiny_inputs(), break_at="out.velocity"):
            pytest.fail("the pass must not come this far")

    assert "out.velocity" not in reached
    assert is_clean()


def test_while_the_body_runs_nothing_listens():
    flux, inputs = tiny_flux(), tiny_inputs()
    walked = []

    for stage in walk_call(flux, **inputs, break_at=["vec", "single.1.write"]):
        assert not watched()
        flux(**inputs)
        walked.append(stage.point)

    assert walked == ["vec", "single.1.write"]


def test_two_walks_go_side_by_side():
    flux, first, second = tiny_flux(), tiny_inputs(), tiny_inputs()

    pairs = zip(walk_call(flux, **first), walk_call(flux, **second), strict=True)
    for one, other in pairs:
        assert one.point == other.point

    assert torch.equal(one.value, flux(**first))
    assert torch.equal(other.value, flux(**second))


def test_a_recorder_outside_the_walk_sees_what_the_model_made():
    flux, inputs = tiny_flux(), tiny_inputs()

    with record(flux, "vec") as outside:
        for stage in walk_call(flux, **inputs, break_at="vec"):
            kept = stage.value
            stage.value = 0 * stage.value

    assert torch.equal(outside["vec"], kept)
    assert kept.abs().max() > 0


def test_an_edit_outside_the_walk_is_seen_by_it():
    flux, inputs = tiny_flux(), tiny_inputs()

    with edit(flux, {"vec": lambda x, at: 0 * x}):
        (stage,) = walk_call(flux, **inputs, break_at="vec")

    assert stage.value.abs().max() == 0


def test_a_stop_outside_the_walk_ends_it():
    flux, inputs = tiny_flux(), tiny_inputs()
    walked = []

    with stop_after(flux, "pe"):
        for stage in walk_call(flux, **inputs):
            walked.append(stage.point)

    assert walked[-1] == "pe.ids"


def test_gradients_flow_through_a_walk():
    flux, inputs = tiny_flux(), tiny_inputs()
    direction = torch.zeros(32, requires_grad=True)

    for stage in walk_call(flux, **inputs, break_at=["double.0.img.resid_post", "out.velocity"]):
        if stage.point != "out.velocity":
            stage.value = stage.value + direction
    stage.value.square().sum().backward()

    assert direction.grad.abs().max() > 0


def test_a_stage_that_is_passed_can_no_longer_be_changed():
    walked = walk_call(tiny_flux(), **tiny_inputs())
    stage = next(walked)
    next(walked)

    with pytest.raises(RuntimeError, match=r"'in\.txt' can no longer be changed"):
        stage.value = stage.value
    walked.close()


def test_another_thread_that_runs_the_model_is_not_part_of_the_walk():
    flux, inputs = tiny_flux(), tiny_inputs()
    elsewhere = []

    def run_elsewhere(owner, point, value):
        if point == "vec" and not elsewhere:
            elsewhere.append("running")
            thread = threading.Thread(target=lambda: elsewhere.append(flux(**inputs)))
            thread.start()
            thread.join()
        return value

    with handling(run_elsewhere):
        walked = [stage.point for stage in walk_call(flux, **inputs)]

    assert walked == [point.name for point in flux.points()]
    assert len(elsewhere) == 2
