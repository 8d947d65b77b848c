"""Bad words, tokens, blocks and pictures to look at."""

from bad_input.calls import Case
from reading_pipeline import reading_pipeline
from tiny_models import tiny_flux, tiny_inputs

import fluxlearn as fl
from fluxlearn.sampling.concepts import attend_concepts

PROMPT = "a red circle"


def attending(words, run=True, **options):
    """A tiny forward while attending."""

    def call(folder):
        flux = tiny_flux()
        with fl.attend(flux, words, **options):
            if run:
                flux(**tiny_inputs())

    return call


def reading(words, **options):
    """Words that are looked for in a prompt."""
    return lambda folder: fl.attend(reading_pipeline(), words, **options).__enter__()


CASES = [
    Case(
        "a word that is not in the prompt",
        reading("green", prompt=PROMPT),
        ValueError,
        ("'green' is no word of 'a red circle'", "There is a, red, circle"),
    ),
    Case(
        "a word that occurs twice",
        reading("red", prompt="red left of red"),
        ValueError,
        ("'red' occurs 2 times", "'red#1' or 'red#2'"),
    ),
    Case("words without a prompt", reading("red"), TypeError, ("prompt is missing", "prompt=")),
    Case("words without T5", attending("red"), TypeError, ("Flux has no T5", "{'red': [2]}")),
    Case("an empty group", attending({"red": []}), ValueError, ("'red' are []", "at least one")),
    Case(
        "a token beyond the sequence",
        attending({"red": [11]}),
        ValueError,
        ("'red' stands at [11]", "there are 11 tokens"),
    ),
    Case(
        "a block that is not there",
        attending({"red": [2]}, blocks="double.7"),
        ValueError,
        ("'double.7.attn.q' is no point", "Did you mean double"),
    ),
    Case(
        "an axis that cannot be averaged over",
        attending({"red": [2]}, average="word"),
        ValueError,
        ("average names 'word'", "step, block, head"),
    ),
    Case(
        "maps too large",
        attending({"red": [2]}, max_bytes=100),
        ValueError,
        ("would hold 192 B", "max_bytes = 100 B", "average=('head', 'block')"),
    ),
    Case(
        "nothing to look at",
        attending({"red": [2]}, run=False),
        RuntimeError,
        ("no attention of double.0", "inside the with block"),
    ),
    Case(
        "a single concept",
        lambda folder: attend_concepts(reading_pipeline(), ["circle"]).__enter__(),
        ValueError,
        ("concepts are ['circle']", "two different ones", "Add 'background'"),
    ),
]
