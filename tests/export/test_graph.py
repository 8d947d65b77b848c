"""The graph of a block: thin enough to read, and nothing that computes is missing from it."""

import re
import shutil

import pytest
import torch
from tiny_models import tiny_flux

from fluxlearn.export import graph as ours
from fluxlearn.export.dot import read_dot
from fluxlearn.export.graph import HINT, Graph, draw_graph
from fluxlearn.trace.tap import watched

pytest.importorskip("torchviz", reason="draws the graph")
has_dot = pytest.mark.skipif(not shutil.which("dot"), reason="makes pictures with Graphviz")


@pytest.fixture(scope="module")
def flux():
    torch.manual_seed(0)
    return tiny_flux()


@pytest.fixture(params=["double.0", "single.1"])
def block(request):
    return request.param


def labels(graph):
    return [
        line.split('label="')[1].split('"')[0] for line in graph.splitlines() if "label" in line
    ]


def test_every_point_of_the_block_stands_in_its_graph_once(flux, block):
    expected = [p.name.removeprefix(f"{block}.") for p in flux.points() if p.name.startswith(block)]
    flags = {"bypass", "attn.mask"}

    drawn = [label.split("\\n")[0] for label in labels(draw_graph(flux, block))]

    for name in set(expected) - flags:
        assert drawn.count(name) == 1, name


@pytest.mark.parametrize(
    ("block", "most", "by_torchviz"), [("single.0", 45, 100), ("double.0", 100, 200)]
)
def test_a_graph_is_small_enough_to_read(flux, block, most, by_torchviz, monkeypatch):
    whole = []

    def counting(body):
        graph = read_dot(body)
        whole.append(len(graph.labels))
        return graph

    monkeypatch.setattr(ours, "read_dot", counting)
    boxes = len(labels(draw_graph(flux, block)))

    assert boxes <= most
    assert whole[0] > by_torchviz


def test_every_weight_is_written_into_the_operation_that_takes_it(flux):
    words = " ".join(labels(draw_graph(flux, "single.0")))

    for layer, _ in flux.single_blocks[0].named_parameters():
        assert layer.rpartition(".")[0] in words


def test_inputs_of_the_block_are_boxes_without_arrows_to_them(flux):
    graph = draw_graph(flux, "double.0")
    boxes = dict(re.findall(r'(n\d+) \[label="([^"]*)"', graph))
    entered = set(re.findall(r"-> (n\d+)", graph))

    assert {label for box, label in boxes.items() if box not in entered} == {
        "img", "txt", "vec", "pe",
    }  # fmt: skip


def test_weights_and_mode_of_the_model_are_left_as_they_were(flux):
    asked = [weight.requires_grad for weight in flux.parameters()]

    draw_graph(flux, "single.0")

    assert [weight.requires_grad for weight in flux.parameters()] == asked
    assert not watched()


def test_left_out_boxes_join_their_arrows():
    boxes = [f"\t{box} [label={label}]\n" for box, label in {1: "A", 2: "T", 3: "C"}.items()]
    graph = read_dot([*boxes, "\t1 -> 2\n", "\t2 -> 3\n"])

    graph.leave_out(lambda box, label: label == "T")

    assert graph.before == {"1": [], "3": ["1"]}


def test_a_lone_maker_moves_into_what_it_makes_and_a_shared_one_stays():
    chain = {"0": [], "1": ["0"], "2": ["1"], "3": ["2"], "4": ["2"]}
    graph = read_dot(f"\t{box} [label=B{box}]\n" for box in chain)
    graph.before = chain

    graph.absorb(["2", "3", "4"])

    assert graph.labels == {"0": "B0", "2": "B2\\nB1", "3": "B3", "4": "B4"}
    assert graph.before["2"] == ["0"]


@has_dot
def test_where_graphviz_is_a_graph_shows_and_saves_itself_as_a_picture(flux, tmp_path):
    graph = draw_graph(flux, "single.0")

    assert graph._repr_mimebundle_()["image/svg+xml"].count("<svg") == 1
    assert "mlp_act" in graph.save(tmp_path / "single.svg").read_text()


def test_without_graphviz_it_is_text_with_a_hint(monkeypatch, tmp_path):
    monkeypatch.setattr(ours.shutil, "which", lambda name: None)
    graph = Graph("digraph {}")

    assert graph._repr_mimebundle_() == {"text/plain": f"digraph {{}}\n// {HINT}."}
    assert graph.save(tmp_path / "a.dot").read_text() == "digraph {}"
    with pytest.raises(FileNotFoundError, match="install Graphviz"):
        graph.save(tmp_path / "a.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["a.dot"]


def test_mistakes_are_told(flux, tmp_path):
    with pytest.raises(ValueError, match=r"'double\.7' is no block .* There are double\.0"):
        draw_graph(flux, "double.7")
    with pytest.raises(ValueError, match=r"\.svg or \.dot"):
        Graph("digraph {}").save(tmp_path / "a.png")
