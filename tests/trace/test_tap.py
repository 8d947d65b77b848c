"""The tap is an identity unless somebody listens, and nothing is left behind."""

import pytest
import torch
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn.trace import tap as module
from fluxlearn.trace.tap import handling, tap, watched


class Owner:
    path = "here"


def test_an_idle_tap_returns_the_very_object():
    value = torch.randn(3)

    assert tap(Owner(), "x", value) is value


def test_handlers_see_a_value_in_order_of_nesting():
    with handling(lambda owner, point, x: x + 1), handling(lambda owner, point, x: x * 10):
        assert tap(Owner(), "x", 2) == 30


def test_a_point_is_named_by_its_owners_path():
    names = []
    with handling(lambda owner, point, x: names.append(point)):
        tap(Owner(), "img.q", None)

    assert names == ["here.img.q"]


def test_an_exception_leaves_no_handler_behind():
    with pytest.raises(ZeroDivisionError), handling(lambda owner, point, x: 1 / 0):
        tap(Owner(), "x", 1)

    assert not watched()
    assert module._HANDLERS == ()


def test_leaving_an_inner_block_keeps_the_outer_handler():
    with handling(lambda owner, point, x: x + 1):
        with handling(lambda owner, point, x: x * 10):
            pass
        assert tap(Owner(), "x", 2) == 3


def test_taps_add_no_modules_and_no_state_dict_keys():
    flux = tiny_flux()

    assert not [name for name, _ in flux.named_modules() if "tap" in name or "hook" in name]
    assert len(flux.state_dict()) == len(list(flux.parameters()))


def test_listening_without_changing_leaves_the_output_bit_identical():
    flux, inputs = tiny_flux(), tiny_inputs()
    alone = flux(**inputs)
    with handling(lambda owner, point, value: value):
        assert torch.equal(flux(**inputs), alone)
