"""Bad walks."""

import torch
from bad_input.calls import Case
from tiny_models import tiny_autoencoder, tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

import fluxlearn as fl


def walking(*arguments, **options):
    """A walk through a tiny painting, to its end."""
    given = arguments or (tiny_conditioning(),)
    return lambda folder: list(fl.walk(tiny_pipeline(), *given, **options))


def assigning(value):
    """A walk through a tiny forward that assigns a value to vec."""

    def call(folder):
        for stage in fl.walk(tiny_flux(), **tiny_inputs(), break_at="vec"):
            stage.value = value

    return call


CASES = [
    Case(
        "a walk to a misspelt point",
        walking(break_at="double.0.img.gat1"),
        ValueError,
        ("'double.0.img.gat1'", "Did you mean"),
    ),
    Case("a walk to no point", walking(break_at=[]), ValueError, ("no point was named",)),
    Case("a step beyond the last", walking(step=3), ValueError, ("step is 3", "0 to 2", "steps=")),
    Case("a step before the first", walking(step=-1), ValueError, ("step is -1", "0 to 2")),
    Case("half a step to walk", walking(step=0.5), ValueError, ("step is 0.5",)),
    Case(
        "a step that a start image leaves out",
        walking(start_image=torch.zeros(3, 32, 32), strength=0.4, step=2),
        ValueError,
        ("step is 2", "takes 2 steps"),
    ),
    Case("a misspelt option of a walk", walking(sede=4), TypeError, ("'sede'", "mean seed?")),
    Case(
        "two prompts to walk", walking("one", "two"), TypeError, ("one prompt", "given 2", "list")
    ),
    Case(
        "a step of a module",
        lambda f: fl.walk(tiny_flux(), **tiny_inputs(), step=2),
        TypeError,
        ("step is 2", "only a pipeline"),
    ),
    Case(
        "a walk through no forward",
        lambda f: fl.walk(tiny_autoencoder(), torch.zeros(1, 4, 4, 4)),
        TypeError,
        ("AutoEncoder has no forward", "walk(autoencoder.decode, latents)"),
    ),
    Case(
        "a walk through a model without points",
        lambda f: fl.walk(torch.nn.Linear(2, 2), torch.zeros(2)),
        TypeError,
        ("Linear has no points",),
    ),
    Case(
        "a walk past its point",
        walking(break_at="encoder.mid"),
        RuntimeError,
        ("'encoder.mid'", "another call"),
    ),
    Case(
        "an assigned value of another shape",
        assigning(torch.zeros(1, 32)),
        ValueError,
        ("'vec'", "(1, 32)", "[batch 2, dim 32]"),
    ),
    Case("an assigned number", assigning(0), TypeError, ("'vec'", "0", "torch.full_like")),
]
