"""Bad points, reducers and edits."""

import torch
from bad_input.calls import Case, editing, recording

import fluxlearn as fl
from fluxlearn.trace.reduce import keep, mean_heads

CASES = [
    Case(
        "misspelt point",
        recording("double.0.img.resid_pst"),
        ValueError,
        ("Did you mean double.0.img.resid_post",),
    ),
    Case("no point at all", recording([]), ValueError, ("no point was named",)),
    Case("a number as a point", recording([3]), TypeError, ("3 is no point's name",)),
    Case(
        "a model without points",
        lambda f: fl.record(torch.nn.Linear(2, 2), "vec").__enter__(),
        TypeError,
        ("Linear has no points",),
    ),
    Case(
        "a point that never fired",
        recording("vec", run=False),
        RuntimeError,
        ("never fired", "with block"),
    ),
    Case(
        "a recording too large",
        recording("double.*", max_bytes=100),
        ValueError,
        ("max_bytes = 100 B", "reduce=stats"),
    ),
    Case(
        "a reducer without its axis",
        recording("vec", reduce=mean_heads),
        ValueError,
        ("mean_heads", "'head'", "[batch, dim]"),
    ),
    Case(
        "places that are not there",
        recording("embed.img", reduce=keep("img", [6])),
        IndexError,
        ("[6]", "6 places"),
    ),
    Case(
        "an edit of the wrong shape",
        editing({"vec": lambda x, at: x[:1]}),
        ValueError,
        ("(1, 32)", "(2, 32)"),
    ),
    Case(
        "an edit that returns nothing",
        editing({"vec": lambda x, at: None}),
        TypeError,
        ("None", "return its result"),
    ),
    Case(
        "an edit of a misspelt point", editing({"vex": True}), ValueError, ("'vex'", "Did you mean")
    ),
    Case("edits as a list", editing(["vec"]), TypeError, ("['vec']", "mapping")),
    Case("a point of no model", lambda f: fl.explain("pee"), ValueError, ("'pee'", "Did you mean")),
]
