"""Bad calls of the lens, the attribution and what looks at some steps of a painting."""

import torch
from bad_input.calls import Case
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.model.attribution import attribute
from fluxlearn.model.lens import lens
from fluxlearn.sampling.attribution import attribute_painting
from fluxlearn.sampling.lens import lens_pictures, velocity_lens
from fluxlearn.sampling.modulations import modulations
from fluxlearn.sampling.streams import look_at_streams


def listening(listen, run=True, **options):
    """A tiny forward while a lens or an attribution listens."""

    def call(folder):
        flux = tiny_flux()
        with listen(flux, **options):
            if run:
                flux(**tiny_inputs())

    return call


def looking(look, **options):
    """A look at a tiny painting."""
    return lambda folder: look(tiny_pipeline(), tiny_conditioning(), **options)


def decoding(depths):
    """The pictures of some depths of a lens."""

    def call(folder):
        pipe = tiny_pipeline()
        lens_pictures(pipe, velocity_lens(pipe, tiny_conditioning(), step=0), depths)

    return call


CASES = [
    Case(
        "a lens on something else",
        lambda f: lens(torch.nn.Linear(2, 2)).__enter__(),
        TypeError,
        ("Linear has no residual stream", "Pass a pipeline or a Flux"),
    ),
    Case(
        "an attribution of a block",
        lambda f: attribute(tiny_flux().double_blocks[0]).__enter__(),
        TypeError,
        ("DoubleStreamBlock has no residual stream", "Pass a pipeline or a Flux"),
    ),
    Case(
        "a lens through which nobody looks",
        listening(lens, run=False),
        RuntimeError,
        ("no model call was seen", "inside the with block"),
    ),
    Case(
        "a lens that holds too much",
        listening(lens, max_bytes=100),
        ValueError,
        ("5 velocities of 1 calls would hold 3.84 kB", "max_bytes = 100 B", "Name fewer steps"),
    ),
    Case(
        "an attribution that holds too much",
        listening(attribute, max_bytes=100),
        ValueError,
        ("22 parts of 1 calls would hold 16.9 kB", "max_bytes = 100 B", "a smaller picture"),
    ),
    Case(
        "a lens at a step beyond the last",
        looking(velocity_lens, step=3),
        ValueError,
        ("step is 3", "takes 3 steps, counted from 0 to 2", "pass steps="),
    ),
    Case(
        "an attribution of no step",
        looking(attribute_painting, step=()),
        ValueError,
        ("step is empty", "Leave it out for all"),
    ),
    Case(
        "streams at half a step",
        looking(look_at_streams, step=[0, 0.5]),
        ValueError,
        ("step is 0.5", "0 to 2"),
    ),
    Case(
        "a misspelt option of modulations",
        looking(modulations, gidance=3.0),
        TypeError,
        ("'gidance'", "Did you mean guidance?"),
    ),
    Case(
        "a depth that is not there",
        decoding([0, 5]),
        IndexError,
        ("depths are [0, 5]", "5 can be decoded", "0, the embedding, to 4"),
    ),
    Case("no depth at all", decoding([]), IndexError, ("depths are []", "5 can be decoded")),
]
