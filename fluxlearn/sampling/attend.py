"""Maps of words: which places of the picture look at which word, block by block, step by step.

    with attend(pipe, ("red", "circle"), prompt=prompt) as maps:
        picture = pipe.paint(prompt)
    maps["red"].over(picture)

Words are found by name in the prompt, with T5's own tokens; a word of several tokens gets the sum
of what they get. Five names in angle brackets together hold every token once:

    <words>  <end>  <padding>        of the prompt
    <image>  <reference>             of the picture itself, and of a reference picture

Source: the means over blocks, heads and steps are DAAM's, arXiv:2210.04885. There, in a U-Net, the
text has a softmax to itself and its tokens add up to 1; here they share each place's attention
with the picture.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fluxlearn.text.conditioning import Conditioning
from fluxlearn.text.labels import Labels, label
from fluxlearn.trace.attention.groups import LATER, PICTURE, REFERENCE, Groups, as_groups
from fluxlearn.trace.attention.looks import masses
from fluxlearn.trace.attention.maps import Maps
from fluxlearn.trace.attention.probe import probe
from fluxlearn.trace.attention.seen import Keep
from fluxlearn.trace.record import MAX_BYTES

FROM_LAYOUT = (PICTURE, REFERENCE)


@contextmanager
def attend(
    model: Any,
    words: str | Iterable[str] | Mapping[str, Any],
    *,
    prompt: str | Iterable[str] | Conditioning | None = None,
    blocks: str | Iterable[str] = "*",
    average: str | Collection[str] = ("head",),
    steps: Collection[int] | None = None,
    branch: str = "cond",
    max_bytes: int = MAX_BYTES,
) -> Iterator[Maps]:
    """Map the attention that words get from each place of the picture while the block runs.

    model      a pipeline, or a Flux.
    words      names in the prompt, "red" or "red circle", "red#2" for the second "red"; or a
               mapping from any name to token positions, {"red": [2]}, which needs no prompt.
    prompt     the prompt that will be painted; with several, each must have every word.
    blocks     names or globs: "double.*", "single.3".
    average    axes to average over as values come in, of "step", "block" and "head"; () is none.
    steps      sampling steps; None is all of them.
    branch     "cond" or, under true guidance, "uncond", which reads no words.
    max_bytes  refuse to hold more.

    Raises ValueError, with the words there are, for a word that is not in the prompt, and
    UnknownPointError or TypeError, all on entering; TooLargeError at the first attention;
    NeverFiredError on leaving if no attention was seen.
    """
    keep = Keep(average=average, steps=steps, branch=branch, max_bytes=max_bytes)
    groups = find_groups(model, words, prompt)
    if branch == "uncond" and groups.prompts != ("",) * len(groups.prompts):
        raise ValueError(
            f"branch is 'uncond', which reads the empty prompt, but words are asked for in "
            f"{groups.prompts}. Pass prompt='' and names such as '<padding>'."
        )
    # The picture is not painted for the prompt that the other branch reads.
    prompts = groups.prompts if branch == "cond" else ()
    with probe(model, masses(groups), blocks=blocks, keep=keep) as seen:
        yield Maps(seen, groups.names, prompts)


def find_groups(
    model: Any,
    words: str | Iterable[str] | Mapping[str, Any],
    prompt: str | Iterable[str] | Conditioning | None = None,
) -> Groups:
    """Tokens of words and of names in angle brackets; arguments as for `attend`.

    Raises ValueError or TypeError as `attend` does.
    """
    if isinstance(words, Mapping):
        return as_groups(words)
    names = [words] if isinstance(words, str) else list(words)
    if not names:
        raise ValueError("words is empty, so there is nothing to map. Say ('red', 'circle').")
    if all(name in FROM_LAYOUT for name in names):
        return Groups(positions=dict.fromkeys(names, LATER))
    rows = read_labels(model, prompt)
    positions = {
        name: LATER if name in FROM_LAYOUT else tuple(_tokens(labels, name) for labels in rows)
        for name in names
    }
    prompts = tuple(labels.prompt for labels in rows)
    # Redux appends what it says of a picture to T5's tokens, which keep their positions.
    given = prompt.txt.shape[1] if isinstance(prompt, Conditioning) else 0
    return Groups(positions=positions, txt=max(given, len(rows[0].pieces)), prompts=prompts)


def all_groups(model: Any, prompt: str | Iterable[str] | Conditioning) -> Groups:
    """The five regions of the joint sequence; together they hold every token once."""
    return find_groups(model, ("<words>", "<end>", "<padding>", *FROM_LAYOUT), prompt)


def read_labels(
    model: Any, prompt: str | Iterable[str] | Conditioning | None
) -> tuple[Labels, ...]:
    """The labels of each prompt, from the tokenizer of a pipeline's T5.

    Raises TypeError without a prompt or a tokenizer.
    """
    t5 = getattr(getattr(model, "text", None), "t5", None)
    if t5 is None:
        raise TypeError(
            f"this {type(model).__name__} has no T5, so words cannot be found by name. Pass a "
            f"pipeline with its text encoders, or token positions: {{'red': [2]}}."
        )
    if prompt is None:
        raise TypeError(
            "prompt is missing: words are found in the prompt that will be painted. Pass "
            "prompt=, or token positions: {'red': [2]}."
        )
    given = prompt.prompts if isinstance(prompt, Conditioning) else prompt
    prompts = (given,) if isinstance(given, str) else tuple(given)
    if not prompts:
        raise ValueError("prompt is an empty list, so there is nothing to find words in.")
    return tuple(label(t5.tokenizer, text, t5.length) for text in prompts)


def _tokens(labels: Labels, name: str) -> tuple[int, ...]:
    regions = labels.regions()
    if name.startswith("<"):
        if name not in regions:
            known = ", ".join([*regions, *FROM_LAYOUT])
            raise ValueError(f"{name!r} is no region of the tokens. There are {known}.")
        return regions[name]
    return labels.find(name)
