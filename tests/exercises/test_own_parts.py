"""Parts that a reader wrote paint with the trained weights."""

from functools import cache

import pytest
import torch

from fluxlearn.exercises.chapters import find_exercise
from fluxlearn.exercises.own_parts import PARTS, with_own_parts
from fluxlearn.load import load

PROMPT = "a large red circle left of a small blue square on a white background"
RIGHT = {name: find_exercise(name).solution for name in PARTS}


@cache
def toy():
    return load("toy-dev")


@cache
def theirs():
    return pixels(toy())


def pixels(pipe):
    return pipe.paint(PROMPT, steps=2, seed=1).pixels


def stub(*_):
    return ...


def test_right_parts_paint_the_same_picture():
    mine = with_own_parts(toy(), **RIGHT)

    # Two steps through six blocks, summed in another order.
    torch.testing.assert_close(pixels(mine), theirs(), atol=1e-3, rtol=0)
    assert mine.flux.told().endswith("4 of 4 parts are yours")


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_used_where_it_was_written(name):
    calls = []

    def counted(*arguments):
        calls.append(name)
        return RIGHT[name](*arguments)

    mine = with_own_parts(toy(), **{name: counted})
    calls.clear()
    pixels(mine)

    config, steps = toy().flux.config, 2
    blocks = {"double_stream": config.depth, "single_stream": config.depth_single_blocks}
    assert len(calls) == steps * blocks.get(name, 1)


def test_stubs_leave_the_model_as_it_is():
    mine = with_own_parts(toy(), **dict.fromkeys(PARTS, stub))

    assert torch.equal(pixels(mine), theirs())
    assert mine.flux.told() == "\n".join(
        [*(f"{name:<14} the package's" for name in PARTS), "0 of 4 parts are yours"]
    )


def test_a_wrong_part_is_called_wrong_and_paints_all_the_same():
    wrong = find_exercise("last_layer").mistakes[0]

    mine = with_own_parts(toy(), last_layer=wrong)

    assert "last_layer     yours, and the checker finds it wrong" in mine.flux.told()
    assert (pixels(mine) - theirs()).abs().max() > 0.1


def test_weights_are_shared_and_what_was_given_stays():
    mine = with_own_parts(toy(), **RIGHT)

    weight = "double_blocks.0.img_attn.qkv.weight"
    assert mine.flux.get_parameter(weight).data_ptr() == toy().flux.get_parameter(weight).data_ptr()
    assert torch.equal(pixels(toy()), theirs())


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("answers", "error", "message"),
    [
        ({"rope": stub}, ValueError, "'rope' is no part of the model. There is double_stream,"),
        ({"assemble": None}, TypeError, "check.assemble takes a function"),
    ],
)
def test_what_is_no_part_or_no_function_is_refused(answers, error, message):
    with pytest.raises(error, match=message):
        with_own_parts(toy(), **answers)
