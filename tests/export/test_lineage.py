"""What is computed from what: the run tells, and the tables of points agree with it."""

import re

import pytest
import torch
from tiny_models import FLUX, SCHNELL, tiny_flux

from fluxlearn.export.lineage import lineage
from fluxlearn.model.flux import Flux
from fluxlearn.trace.find import UnknownPointError
from fluxlearn.trace.tap import watched


@pytest.fixture(scope="module")
def flux():
    torch.manual_seed(0)
    return tiny_flux()


def test_what_attention_reads_is_made_of_norm_shift_and_scale(flux):
    made_from = lineage(flux, "double.0.img.*")

    assert set(made_from["double.0.img.attn_in"]) == {
        "double.0.img.norm1", "double.0.img.mod.shift1", "double.0.img.mod.scale1",
    }  # fmt: skip


def test_the_streams_meet_in_attention_and_nowhere_else(flux):
    made_from = lineage(flux, "double.1.*")

    def stream(name):
        return next((word for word in name.split(".") if word in ("img", "txt")), None)

    mixing = {
        name for name, earlier in made_from.items() if {"img", "txt"} <= set(map(stream, earlier))
    }
    crossing = {
        name
        for name, earlier in made_from.items()
        for other in earlier
        if stream(name) and stream(other) not in (None, stream(name))
    }
    assert mixing == {"double.1.attn.q", "double.1.attn.k", "double.1.attn.v"}
    assert not crossing


def test_values_are_not_rotated(flux):
    made_from = lineage(flux, ["pe", "*.attn.*"])

    rotated = {name.split(".")[-1] for name, earlier in made_from.items() if "pe" in earlier}
    assert rotated == {"q", "k"}


def test_fewer_points_give_a_coarser_picture_of_the_same_model(flux):
    made_from = lineage(flux, ["embed.img", "vec", "final.resid", "out.velocity"])

    assert made_from["out.velocity"] == ["vec", "final.resid"]
    assert made_from["final.resid"] == ["embed.img", "vec"]


def test_every_point_with_a_value_occurs_once_in_order_of_execution(flux):
    with_values = [point.name for point in flux.points() if point.shape]

    assert list(lineage(flux)) == with_values


def earlier_point(word, point, order):
    """The point that a word of an equation stands for: of the same stream, block or model."""
    path = point.name.split(".")[:-1]
    names = [".".join([*path[:depth], word]) for depth in range(len(path), -1, -1)]
    here = order[point.name]
    return next((name for name in names if order.get(name, here) < here), None)


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_the_points_that_an_equation_names_are_what_its_value_is_computed_from(config):
    flux = tiny_flux(config)
    made_from = lineage(flux)
    order = {name: place for place, name in enumerate(made_from)}

    told = [
        (earlier, point)
        for point in flux.points()
        for word in re.findall(r"\b[a-z][\w.]*", point.equation if point.shape else "")
        if (earlier := earlier_point(word, point, order))
    ]

    wrong = [f"{p.name} = {p.equation}" for earlier, p in told if earlier not in made_from[p.name]]
    assert not wrong
    assert len(told) > 150


def test_a_model_without_weights_will_do():
    with torch.device("meta"):
        made_from = lineage(Flux(FLUX), "final.*")

    assert "final.norm" in made_from["final.mod"]


def test_a_misspelt_point_is_refused_and_nothing_stays_hooked(flux):
    with pytest.raises(UnknownPointError, match="Did you mean"):
        lineage(flux, "double.0.img.nrm1")

    assert not watched()
