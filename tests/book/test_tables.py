"""The tables of the book name what exists, and name all of it."""

import re
from importlib import import_module, util
from pathlib import Path

import pytest
import tables
from symbols import NUMBERS, VALUES, WEIGHTS
from tagged import without_index

import fluxlearn
from fluxlearn.catalogue import points
from fluxlearn.lora.names import places

CATALOGUE = {without_index(point.name): point for point in points()}


def test_every_value_of_the_glossary_is_a_point():
    assert {value.point for value in VALUES} <= CATALOGUE.keys()


def test_every_input_of_the_network_is_in_the_glossary():
    inputs = {name for name in CATALOGUE if name.startswith("in.")}

    assert inputs <= {value.point for value in VALUES}


def test_every_number_of_the_glossary_is_computed_where_it_says():
    for number in NUMBERS:
        module, _, name = number.ours.rpartition(".")
        assert callable(getattr(import_module(module), name))


def test_every_layer_makes_a_point_and_no_other_layer_is_named():
    layers = [row.bfl for row in tables.named_layers()]

    assert sorted(layers) == sorted(weight.layer for weight in WEIGHTS)
    assert {weight.point for weight in WEIGHTS} <= CATALOGUE.keys()


def test_every_layer_of_the_network_is_named_and_has_its_size():
    sizes = tables.layer_sizes()

    assert sizes.keys() == {row.bfl for row in tables.named_layers()}
    assert sizes["double_blocks.*.img_attn.qkv"] == "[9216, 3072]"
    assert sizes["single_blocks.*.norm.query_norm"] == "[128]"


def test_the_names_of_diffusers_layers_are_those_that_loras_are_read_with():
    known = {re.sub(r"\.\d+\.", ".*.", name, count=1) for name in places("diffusers", 1)}
    named = {
        n for row in tables.named_layers() if row.how != "scale" for n in row.diffusers.split()
    }

    assert {re.sub(r"\.\*\.", ".*.", name) for name in named} <= known | named & {"proj_out"}
    assert "single_transformer_blocks.*.proj_mlp" in named & known


@pytest.mark.reference
def test_diffusers_uses_the_names_that_the_glossary_gives_it():
    found = util.find_spec("diffusers")
    if found is None or found.origin is None:
        pytest.skip("reads the source of diffusers")
    files = (
        "models/normalization.py",
        "models/transformers/transformer_flux.py",
        "pipelines/flux/pipeline_flux.py",
        "schedulers/scheduling_flow_match_euler_discrete.py",
    )
    source = "".join((Path(found.origin).parent / file).read_text("utf-8") for file in files)

    for name in {row.diffusers for row in (*VALUES, *NUMBERS)}:
        assert re.search(rf"\b{name}\b", source), name


def test_bfls_names_of_the_inputs_are_the_arguments_of_forward():
    forward = set(fluxlearn.Flux.forward.__annotations__) - {"return"}
    inputs = {v.bfl for v in VALUES if v.point.startswith("in.") and v.point != "in.latent"}

    assert inputs == forward


def test_a_row_of_weights_has_all_four_names():
    rows = {row[1]: row for row in tables.weights(CATALOGUE)}
    row = rows[tables.code("double_blocks.*.img_attn.qkv")]

    assert tables.code("lora_unet_double_blocks_*_img_attn_qkv") in row[4]
    assert row[3].count("transformer") == 3, "to_q, to_k and to_v"
    assert all(len(row) == len(tables.NAMES) for row in rows.values())


def test_every_point_stands_under_exactly_one_heading():
    for name in CATALOGUE:
        headings = [t for t, beginnings in tables.STAGES.items() if name.startswith(beginnings)]
        assert len(headings) == 1, (name, headings)


def test_every_public_name_is_told_in_a_sentence():
    rows = dict(tables.public_names())

    assert {name[12:].split()[0] for name in rows} == set(fluxlearn.__all__)
    assert all(len(told) > 20 and told[-1] in '.:`")' for told in rows.values()), rows


def test_a_chapter_that_is_not_written_has_no_link():
    assert re.fullmatch(r"\[07\]\(notebooks/07_\w+\)", tables.chapter("07"))
    assert tables.chapter("99") == "99"


def test_marks_of_markdown_do_not_reach_a_formula():
    assert tables.code("a*b_c|d") == "<code>a&#42;b&#95;c&#124;d</code>"
