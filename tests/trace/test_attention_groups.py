"""Groups of tokens and where they stand: what does not fit a model call is refused."""

import pytest
import torch
from tiny_models import tiny_flux, tiny_inputs

from fluxlearn.trace.attention.groups import Groups, Layout, as_groups
from fluxlearn.trace.attention.looks import budget, masses, spread
from fluxlearn.trace.attention.probe import probe
from fluxlearn.trace.attention.seen import Keep
from fluxlearn.trace.find import NeverFiredError
from fluxlearn.trace.tap import watched


def test_the_places_of_a_picture_are_read_row_by_row_in_whatever_order_they_come():
    ids = torch.tensor([[0.0, 1, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]])

    layout = Layout.from_ids(7, ids[None])

    assert layout.picture.tolist() == [11, 9, 10, 7]
    assert (layout.reference.tolist(), layout.grid, layout.seq) == ([8], (2, 2), 12)


def test_pictures_of_two_sizes_do_not_share_a_table():
    flux = tiny_flux()

    with pytest.raises(ValueError, match=r"\(2, 2\) tokens .* followed one of \(2, 3\)"):
        with probe(flux, spread()):
            flux(**tiny_inputs())
            flux(**tiny_inputs(grid=(2, 2)))

    assert not watched()


@pytest.mark.parametrize("look", [masses, budget])
def test_groups_are_laid_out_once_for_all_blocks_of_a_model_call(look, monkeypatch):
    laid_out, indicator = [], Groups.indicator

    def counting(self, layout, batch):
        laid_out.append(layout)
        return indicator(self, layout, batch)

    monkeypatch.setattr(Groups, "indicator", counting)
    flux = tiny_flux()

    with probe(flux, look(as_groups({"one": [2], "two": [0, 4]})), keep=Keep(average=())) as seen:
        flux(**tiny_inputs())
        flux(**tiny_inputs())

    assert len(seen.blocks) == 4
    assert len(laid_out) == 2
    assert laid_out[0] is not laid_out[1]


def test_positions_that_were_set_before_are_asked_for():
    flux, inputs = tiny_flux(), tiny_inputs()
    keys = ("img_ids", "txt", "txt_ids", "y", "guidance")
    setting = flux.setting(*(inputs[key] for key in keys))

    with pytest.raises(NeverFiredError, match="in.img_ids never fired"), probe(flux, spread()):
        flux.velocity(inputs["img"], inputs["timesteps"], setting)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (torch.tensor([[0.0, 0, 0], [0, 0, 1], [0, 1, 0]]), "3 image tokens stand on 2 rows"),
        (torch.tensor([[1.0, 0, 0]]), "no image token has reference index 0"),
    ],
)
def test_positions_that_fill_no_rectangle_are_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        Layout.from_ids(5, ids[None])


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        ({}, ValueError, "no group of tokens"),
        ({"red": []}, ValueError, r"tokens of 'red' are \[\], but at least one"),
        ({"red": [-1]}, ValueError, r"\[-1\], but at least one position from 0"),
        ({"red": "2"}, TypeError, "'2', but whole numbers are expected"),
        ({"red": [1.5]}, TypeError, r"\[1.5\], but whole numbers"),
        ({"red": [[1], []]}, ValueError, r"\[\[1\], \[\]\]"),
    ],
)
def test_tokens_that_are_no_positions_are_refused(tokens, error, message):
    with pytest.raises(error, match=message):
        as_groups(tokens)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (as_groups({"red": [11]}), r"'red' stands at \[11\], but there are 11 tokens"),
        (as_groups({"red": [[1], [1], [1]]}), "found in 3 prompts, but 2 pictures"),
        (Groups(positions={"red": ((1,),)}, txt=20), "among 20 text tokens, but .* given 5"),
    ],
)
def test_groups_that_do_not_fit_the_call_are_refused(groups, message):
    flux = tiny_flux()

    with pytest.raises(ValueError, match=message), probe(flux, masses(groups)):
        flux(**tiny_inputs())

    assert not watched()


def test_an_axis_that_cannot_be_averaged_over_is_named():
    with pytest.raises(ValueError, match="average names 'heads'.*step, block, head"):
        Keep(average="heads")
