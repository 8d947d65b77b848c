"""A diagram is the code's: boxes are points, arrows their lineage, and no box hides another."""

from dataclasses import replace
from itertools import combinations

import pytest
import torch
from tiny_models import FLUX, tiny_flux

from fluxlearn.export.diagram import HEIGHT, LOW, OVERVIEW, WIDTH, plot_diagram
from fluxlearn.export.layout import lane_of, place_boxes
from fluxlearn.export.lineage import lineage
from fluxlearn.model.flux import Flux
from fluxlearn.plots.style import styled
from fluxlearn.trace.find import UnknownPointError

CHOICES = {"double": "double.0.*", "single": "single.0.*", "last": "final.*", "all": OVERVIEW}


@pytest.fixture(scope="module")
def flux():
    torch.manual_seed(0)
    return tiny_flux()


@pytest.fixture(params=CHOICES)
def choice(request):
    return CHOICES[request.param]


def placed(flux, points):
    shapes = {point.name: point.shape for point in flux.points()}
    return place_boxes(lineage(flux, points), shapes)


def test_boxes_are_the_chosen_points_and_arrows_their_lineage(flux, choice):
    made_from = lineage(flux, choice)

    with styled("light"):
        (ax,) = plot_diagram(flux, choice).axes

    kinds = [type(patch).__name__ for patch in ax.patches]
    assert kinds.count("FancyBboxPatch") == len(made_from)
    assert kinds.count("FancyArrowPatch") == sum(map(len, made_from.values()))


def test_boxes_do_not_overlap(flux, choice):
    for a, b in combinations(placed(flux, choice).values(), 2):
        height = ((LOW if a.beside else HEIGHT) + (LOW if b.beside else HEIGHT)) / 2
        assert abs(a.x - b.x) >= WIDTH or abs(a.y - b.y) >= height


def test_a_box_stands_below_what_it_is_made_from(flux, choice):
    places = placed(flux, choice)

    for name, earlier in lineage(flux, choice).items():
        for other in earlier:
            assert places[other].beside or places[other].y < places[name].y, name


def test_text_stands_left_of_image_and_modulation_beside_what_it_enters(flux):
    places = placed(flux, "double.0.*")

    assert places["double.0.txt.mlp_in"].x < 0 < places["double.0.img.mlp_in"].x
    assert places["double.0.attn.z"].x == 0
    gate, write = places["double.0.img.mod.gate1"], places["double.0.img.attn_write"]
    assert gate.beside and gate.y == write.y and gate.x > write.x


@pytest.mark.parametrize(
    ("shape", "lane"),
    [("batch txt dim", "text"), ("batch img dim", "image"), ("batch seq dim", "both"),
     ("batch 1 dim", "vector")],
)  # fmt: skip
def test_the_lane_follows_from_the_axes(shape, lane):
    assert lane_of(shape) == lane


def test_names_and_equations_are_those_of_the_table(flux):
    with styled("light"):
        (ax,) = plot_diagram(flux, "single.0.*").axes
    words = [text.get_text().replace("\n", " ") for text in ax.texts]

    for point in flux.points():
        if point.name.startswith("single.0.") and point.shape and ".mod." not in point.name:
            assert point.name.removeprefix("single.0.") in words
            assert point.equation in words


def test_a_changed_model_has_a_changed_diagram(flux):
    with torch.device("meta"):
        deeper = Flux(replace(FLUX, depth=3))

    assert "6 points" in plot_diagram(flux, "*.resid_post").alt
    assert "8 points" in plot_diagram(deeper, "*.resid_post").alt


def test_a_diagram_tells_what_it_shows(flux):
    alt = plot_diagram(flux, "final.*").alt

    assert alt == "A diagram of 5 points of final and 4 arrows between them, from shift to mod."


def test_a_misspelt_point_is_refused(flux):
    with pytest.raises(UnknownPointError, match="Did you mean"):
        plot_diagram(flux, "dobule.0.*")
