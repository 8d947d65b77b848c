"""The tables of points are the truth: exactly they fire, in that order, with those shapes."""

import pytest
import torch
from tiny_models import (
    FLUX,
    SCHNELL,
    tiny_autoencoder,
    tiny_conditioning,
    tiny_flux,
    tiny_inputs,
    tiny_pipeline,
)
from torch import Tensor

from fluxlearn.catalogue import explain, points
from fluxlearn.model.points import flux_points
from fluxlearn.shapes import AXES
from fluxlearn.trace.find import UnknownPointError
from fluxlearn.trace.sizes import learn_sizes
from fluxlearn.trace.tap import handling

BATCH, GRID, TXT = 2, (2, 3), 5


def fired(run) -> list[tuple[str, object]]:
    """Every tap of a run, as (name, value)."""
    seen = []

    def see(owner, name, value):
        seen.append((name, value))
        return value

    with handling(see):
        run()
    return seen


@pytest.mark.parametrize("config", [FLUX, SCHNELL], ids=["dev", "schnell"])
def test_a_forward_fires_the_tables_points_in_the_tables_order(config):
    flux, inputs = tiny_flux(config), tiny_inputs(config, BATCH, GRID, TXT)

    names = [name for name, _ in fired(lambda: flux(**inputs))]

    assert names == [point.name for point in flux.points()]


def test_every_value_has_the_tables_shape():
    flux, inputs = tiny_flux(), tiny_inputs(FLUX, BATCH, GRID, TXT)
    table = {point.name: point for point in flux.points()}
    img = GRID[0] * GRID[1]
    sizes = {
        "batch": BATCH, "img": img, "txt": TXT, "seq": TXT + img, "dim": FLUX.hidden_size,
        "head": FLUX.num_heads, "head_dim": FLUX.head_dim, "pair": FLUX.head_dim // 2,
        "hidden": FLUX.mlp_hidden, "axis": 3, "patch": FLUX.in_channels, "vec": FLUX.vec_in_dim,
        "context": FLUX.context_in_dim, "freq": 256, "_": FLUX.hidden_size + FLUX.mlp_hidden,
    }  # fmt: skip

    for name, value in fired(lambda: flux(**inputs)):
        words = table[name].shape.split()
        expected = tuple(sizes[word] if word in sizes else int(word) for word in words)
        assert (tuple(value.shape) if isinstance(value, Tensor) else ()) == expected, name


def test_a_pipeline_fires_every_point_of_its_table():
    pipe = tiny_pipeline()

    names = {name for name, _ in fired(lambda: pipe.paint(tiny_conditioning()))}

    start = torch.zeros(3, 32, 32)
    names |= {n for n, _ in fired(lambda: pipe.paint(tiny_conditioning(), start_image=start))}
    table = {point.name for point in pipe.points()}
    assert names == {name for name in table if not name.startswith("text.")}


def test_an_autoencoder_fires_the_tables_points_in_the_tables_order():
    autoencoder = tiny_autoencoder()

    run = fired(lambda: autoencoder.decode(autoencoder.encode(torch.rand(1, 3, 32, 32))))

    assert [name for name, _ in run] == [point.name for point in autoencoder.points()]


def test_a_block_that_stands_alone_has_points_without_a_prefix():
    from fluxlearn.model.double_block import DoubleStreamBlock

    names = {point.name for point in DoubleStreamBlock(FLUX).points()}

    assert {"img.q", "txt.q", "attn.z", "bypass"} <= names


def test_every_axis_word_of_every_table_is_in_the_legend():
    words = {word for point in points() for word in point.shape.split()}

    assert words - {"_"} - {word for word in words if word.isdigit()} <= set(AXES)


def test_every_point_of_every_table_is_explained_in_full():
    for point in points():
        assert point.equation and point.meaning and point.look, point.name


def test_flux_dev_has_about_two_thousand_points():
    from fluxlearn.config import PRESETS

    assert len(flux_points(PRESETS["flux-dev"])) == 2000


def test_explain_tells_shape_equation_meaning_and_what_to_look_for():
    text = explain("double.3.img.q")

    for word in ("[batch, head, img, head_dim]", "[1, 24, 4096, 128]", "equation", "look for"):
        assert word in text


def test_points_prints_repeated_blocks_as_one_line():
    text = repr(points("double.*.img.mod.gate1"))

    assert text.splitlines()[0].startswith("double.*.img.mod.gate1") and "× 19" in text


def test_a_misspelt_point_is_met_with_the_nearest_names():
    with pytest.raises(UnknownPointError, match=r"Did you mean double\.0\.img\.resid_post"):
        points("double.0.img.resid_pst")


def test_sizes_are_learned_from_what_fires():
    flux, sizes = tiny_flux(), {}
    table = {point.name: point for point in flux.points()}

    for name, value in fired(lambda: flux(**tiny_inputs(FLUX, BATCH, GRID, TXT))):
        if isinstance(value, Tensor):
            learn_sizes(sizes, table[name], value)

    assert (sizes["batch"], sizes["img"], sizes["txt"], sizes["seq"]) == (2, 6, 5, 11)
