"""Bad interventions and files of edits."""

import json

import torch
from bad_input.calls import Case
from reading_pipeline import reading_pipeline
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.sampling.interventions.blocks import bypass, writes
from fluxlearn.sampling.interventions.edits_file import load_edits, save_edits
from fluxlearn.sampling.interventions.heads import ablate_heads
from fluxlearn.sampling.interventions.intervention import intervene
from fluxlearn.sampling.interventions.key_ids import shift_key_ids
from fluxlearn.sampling.interventions.knock_out import knock_out
from fluxlearn.sampling.interventions.patch import copy_row, patch
from fluxlearn.sampling.interventions.places import find_tokens
from fluxlearn.sampling.interventions.prompts import swap_prompt
from fluxlearn.sampling.interventions.steer import Direction, steer
from fluxlearn.sampling.interventions.values import scale, set_to
from fluxlearn.trace.record import Record


def acting(make):
    """A tiny forward under an intervention."""

    def call(folder):
        flux = tiny_flux()
        with intervene(flux, make(flux)):
            flux(**tiny_inputs())

    return call


def making(make):
    """An intervention that cannot be made."""
    return lambda folder: make()


def loading(text):
    """A file of edits with this text."""

    def call(folder):
        (folder / "edits.json").write_text(text)
        return load_edits(folder / "edits.json")

    return call


def edits(*several, **changes):
    """A file of edits as text."""
    return json.dumps({"kind": "fluxlearn.edits", "version": 1, "edits": several} | changes)


CASES = [
    Case("a bypass of nothing", making(lambda: bypass([])), ValueError, ("blocks", "'*'")),
    Case("a bypass by number", making(lambda: bypass([3])), TypeError, ("holds 3", "'double.*'")),
    Case(
        "a bypass of a misspelt block",
        acting(lambda flux: bypass("sinle.0")),
        ValueError,
        ("'sinle.0.bypass'", "Did you mean single.0.bypass"),
    ),
    Case(
        "an intervention during one step",
        making(lambda: bypass("*").during(3)),
        TypeError,
        ("steps is 3", "[3]"),
    ),
    Case(
        "an intervention before the first step",
        making(lambda: bypass("*").during([-1])),
        ValueError,
        ("steps is [-1]", "from 0"),
    ),
    Case(
        "writes of no block", making(lambda: writes("final")), ValueError, ("'final' is no block",)
    ),
    Case(
        "a factor that is no number",
        making(lambda: scale("vec", "twice")),
        ValueError,
        ("factor is 'twice'", "finite number"),
    ),
    Case(
        "a value that is NaN", making(lambda: set_to("vec", float("nan"))), ValueError, ("is nan",)
    ),
    Case(
        "a head beyond the last",
        acting(lambda flux: ablate_heads("single.1", [0, 2])),
        IndexError,
        ("[0, 2]", "single.1 has 2 heads"),
    ),
    Case(
        "heads as one number",
        making(lambda: ablate_heads("*", 1)),
        TypeError,
        ("heads is 1", "several", "[1]"),
    ),
    Case(
        "a point by number", making(lambda: scale(3, 2)), TypeError, ("points is 3", "'double.*'")
    ),
    Case("no heads", making(lambda: ablate_heads("*", [])), ValueError, ("heads is []",)),
    Case(
        "keys by word",
        making(lambda: knock_out("*", keys="red")),
        ValueError,
        ("keys is 'red'", "find_tokens(pipe, 'red', prompt)"),
    ),
    Case("no keys", making(lambda: knock_out("*", keys=[])), ValueError, ("'keys' are []",)),
    Case(
        "rows of keys for another batch",
        acting(lambda flux: knock_out("*", keys=[[0], [1], [2]])),
        ValueError,
        ("'keys'", "3 prompts", "2 pictures"),
    ),
    Case(
        "the picture as a word",
        lambda folder: find_tokens(reading_pipeline(), "<image>", "a red circle"),
        ValueError,
        ("<image>", "in place of positions"),
    ),
    Case(
        "a shift in two directions",
        making(lambda: shift_key_ids(tiny_flux(), "*", (0, 4))),
        ValueError,
        ("by is [0.0, 4.0]", "(reference, row, column)"),
    ),
    Case(
        "a shift by one number",
        making(lambda: shift_key_ids(tiny_flux(), "*", 4)),
        ValueError,
        ("by is [4.0]", "three numbers"),
    ),
    Case(
        "a shift in a model without rotations",
        making(lambda: shift_key_ids(torch.nn.Linear(2, 2), "*", (0, 4, 4))),
        TypeError,
        ("Linear does not tell", "a pipeline or a Flux"),
    ),
    Case(
        "a swap after half a step",
        making(lambda: swap_prompt(None, tiny_conditioning(), after=0.5)),
        ValueError,
        ("after is 0.5", "whole number"),
    ),
    Case(
        "a swap to a prompt without encoders",
        making(lambda: swap_prompt(tiny_pipeline(), "a blue circle")),
        ValueError,
        ("'a blue circle'", "no text encoders", "Conditioning"),
    ),
    Case(
        "a swap to another batch",
        acting(lambda flux: swap_prompt(None, tiny_conditioning(batch=3))),
        ValueError,
        ("'in.txt' is (2, 5, 20)", "(3, 5, 20)", "as many as are painted"),
    ),
    Case(
        "a patch of what was not recorded",
        making(lambda: patch(Record(), "vec")),
        ValueError,
        ("'vec' was not recorded", "nothing"),
    ),
    Case(
        "a row of a batch of two",
        acting(lambda flux: copy_row("in.img", source=2)),
        IndexError,
        ("source is 2", "has 2 pictures"),
    ),
    Case(
        "a direction of another model",
        acting(lambda flux: steer(Direction(point="vec", vector=torch.ones(7), agreement=1.0))),
        ValueError,
        ("7 channels", "'vec' is (2, 32)"),
    ),
    Case(
        "bare functions in a file",
        lambda folder: save_edits([{"vec": lambda x, at: x}], folder / "edits.json"),
        TypeError,
        ("is no intervention", "bypass, scale"),
    ),
    Case(
        "edits in a file of another kind",
        lambda folder: save_edits(bypass("*"), folder / "edits.txt"),
        ValueError,
        ("'.txt'", ".json"),
    ),
    Case(
        "edits in a folder that is not there",
        lambda folder: save_edits(bypass("*"), folder / "no" / "edits.json"),
        FileNotFoundError,
        ("is not a folder",),
    ),
    Case(
        "a file of edits that is not there",
        lambda folder: load_edits(folder / "edits.json"),
        FileNotFoundError,
        ("There is no file", "save_edits()"),
    ),
    Case("half a file of edits", loading('{"kind": '), ValueError, ("not whole JSON", "cut short")),
    Case("a file of something else", loading("[1, 2]"), ValueError, ("holds no edits",)),
    Case(
        "a file of edits that are no list",
        loading(edits(edits={"edit": "bypass"})),
        ValueError,
        ("'bypass'", "a list of edits", "save_edits()"),
    ),
    Case(
        "a file of a later version",
        loading(edits(version=2)),
        ValueError,
        ("version 2", "reads 1", "Upgrade"),
    ),
    Case(
        "an unknown edit",
        loading(edits({"edit": "bypss", "arguments": {}})),
        ValueError,
        ("'bypss' is no edit", "Did you mean bypass?"),
    ),
    Case(
        "an edit with other arguments",
        loading(edits({"edit": "bypass", "arguments": {"heads": [1]}})),
        ValueError,
        ("'bypass'", "It takes blocks"),
    ),
    Case(
        "an edit that needs a model",
        loading(edits({"edit": "shift_key_ids", "arguments": {"blocks": "*", "by": [0, 1, 1]}})),
        TypeError,
        ("'shift_key_ids' needs the model", "load_edits(path, pipe)"),
    ),
    Case(
        "edits without their tensors",
        loading(edits(tensors="edits-0.safetensors")),
        FileNotFoundError,
        ("'edits-0.safetensors'", "Copy both files"),
    ),
    Case(
        "an unknown kind of value",
        loading(edits({"edit": "scale", "arguments": {"points": "vec", "factor": {"is": "code"}}})),
        ValueError,
        ("'code' is no kind of value", "tensor, conditioning"),
    ),
]
