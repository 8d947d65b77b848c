"""`show` prints the package's own source, the same on every machine."""

import pytest
import torch
from tiny_models import tiny_flux

from fluxlearn import flow
from fluxlearn.model.flux import Flux
from fluxlearn.model.modulation import Modulation, modulate
from fluxlearn.show import show


def test_a_function_is_shown_with_its_file_and_line():
    shown = repr(show(modulate))
    where, *code = shown.splitlines()

    assert where.startswith("# fluxlearn/model/modulation.py, line ")
    assert code[0] == "def modulate("
    assert code[-1] == "    return (1 + scale) * x + shift"


def test_the_line_is_where_the_function_stands():
    line = int(show(modulate).where.split()[-1])
    source = show(__import__("fluxlearn.model.modulation", fromlist=["_"]))

    assert source.splitlines()[line - 1] == "def modulate("


@pytest.mark.parametrize("thing", [Modulation, Flux.velocity, tiny_flux().setting, flow])
def test_classes_methods_and_modules_are_shown_without_indentation(thing):
    assert not show(thing).startswith(" ")


def test_jupyter_gets_it_as_highlighted_code():
    markdown = show(modulate)._repr_markdown_()

    assert markdown.startswith("`fluxlearn/model/modulation.py, line ")
    assert "```python\ndef modulate(" in markdown


@pytest.mark.parametrize(
    ("thing", "words"),
    [("modulate", "str"), (torch.nn.Linear, "Linear"), (len, "len"), (None, "NoneType")],
)
def test_what_is_no_code_of_fluxlearn_is_refused(thing, words):
    with pytest.raises(TypeError, match=words):
        show(thing)


def test_an_object_leads_to_its_class():
    with pytest.raises(TypeError, match=r"Did you mean show\(Flux\)"):
        show(tiny_flux())
