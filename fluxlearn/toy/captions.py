"""Between scenes and sentences.

    describe   scene → Caption      a phrasing, and as data what it tells
    parse      text  → Description  what a sentence tells; the inverse of every phrasing

    a large red circle left of a small blue square on a white background
    └──────┬─────────┘ └──┬──┘ └───────┬─────────┘ └────────┬──────────┘
        mention        relation     mention             background

A caption always tells shape, colour, number and relation; background, size and place are told
often. A picture is judged by what its caption tells, and by nothing else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from fluxlearn.toy.scene import BACKGROUNDS, COLOURS, OPPOSITE, SHAPES, SIZES, Scene

TELL_BACKGROUND, TELL_SIZE, TELL_PLACE = 0.75, 0.75, 0.5  # how often captions tell each

NUMBERS = ("a", "two", "three")
PLURALS = {shape: shape + ("es" if shape == "cross" else "s") for shape in SHAPES}
RELATION_PHRASES = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
PLACE_PHRASES = {
    "top left": "in the top left corner",
    "top": "at the top",
    "top right": "in the top right corner",
    "left": "on the left",
    "centre": "in the centre",
    "right": "on the right",
    "bottom left": "in the bottom left corner",
    "bottom": "at the bottom",
    "bottom right": "in the bottom right corner",
}

# The first phrasing of each kind is the plain one and is used half of the time.
FRAMES_WITH_BACKGROUND = (
    "{core} on a {background} background",
    "there {verb} {core} on a {background} background",
    "a {background} background with {core}",
    "on a {background} background, {core}",
    "a picture of {core} on a {background} background",
)
FRAMES = ("{core}", "there {verb} {core}", "a picture of {core}")
FILLERS = {"a", "an", "the", "there", "is", "are", "on", "with", "picture", "of", "and"}


@dataclass(frozen=True, kw_only=True)
class Mention:
    """What a caption says of one thing, or of several alike."""

    shape: str
    colour: str
    size: str | None = None  # None where untold, here and below
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a caption tells, without its wording."""

    mentions: tuple[Mention, ...]
    relation: str | None = None  # of the first mention to the second
    place: str | None = None  # of the only thing
    background: str | None = None


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A sentence and what it tells."""

    text: str
    tells: Description


def describe(scene: Scene, rng: np.random.Generator | int) -> Caption:
    """Put a scene into words: choose what to tell, then a phrasing."""
    rng = np.random.default_rng(rng)
    told = everything(scene)
    if len(told.mentions) == 2 and rng.random() < 0.5:
        relation = told.relation and OPPOSITE[told.relation]
        told = replace(told, mentions=told.mentions[::-1], relation=relation)
    if rng.random() >= TELL_SIZE:
        told = replace(told, mentions=tuple(replace(one, size=None) for one in told.mentions))
    if rng.random() >= TELL_PLACE:
        told = replace(told, place=None)
    if rng.random() >= TELL_BACKGROUND:
        told = replace(told, background=None)
    return Caption(text=write(told, rng), tells=told)


def everything(scene: Scene) -> Description:
    """All that can be told of a scene; things alike are told together."""
    alike = {}
    for thing in scene.things:
        alike[thing.words] = alike.get(thing.words, 0) + 1
    mentions = tuple(
        Mention(size=size, colour=colour, shape=shape, count=count)
        for (size, colour, shape), count in alike.items()
    )
    return Description(
        mentions=mentions,
        relation=scene.relation,
        place=scene.place,
        background=scene.background,
    )


def write(told: Description, rng: np.random.Generator | int) -> str:
    """Word a description; `parse` gives it back whatever the phrasing."""
    rng = np.random.default_rng(rng)
    link = " and "
    if told.relation:
        link = f" {_choose(RELATION_PHRASES[told.relation], rng)} "
    core = link.join(noun_phrase(mention) for mention in told.mentions)
    if told.place:
        core += " " + PLACE_PHRASES[told.place]
    frame = _choose(FRAMES_WITH_BACKGROUND if told.background else FRAMES, rng)
    verb = "is" if told.mentions[0].count == 1 else "are"
    return frame.format(core=core, verb=verb, background=told.background)


def _choose(phrasings: tuple[str, ...], rng: np.random.Generator) -> str:
    """The first phrasing half of the time, else any other."""
    return phrasings[0 if rng.random() < 0.5 else rng.integers(1, len(phrasings))]


def noun_phrase(mention: Mention) -> str:
    """Word a mention: an orange circle, two small red crosses."""
    number = NUMBERS[mention.count - 1]
    shape = mention.shape if mention.count == 1 else PLURALS[mention.shape]
    phrase = " ".join(filter(None, (number, mention.size, mention.colour, shape)))
    return phrase.replace("a orange", "an orange")


def _one_of(words: Iterable[str]) -> str:
    return "(" + "|".join(words) + ")"


RELATIONS = {phrase: name for name, phrases in RELATION_PHRASES.items() for phrase in phrases}
PLACES = {phrase: place for place, phrase in PLACE_PHRASES.items()}
# Read in this order: each leaves less for the next.
PATTERNS = {
    "background": re.compile(rf"\b{_one_of(BACKGROUNDS)} background\b"),
    "mentions": re.compile(
        rf"(?:\b(a|an|one|the|two|three) )?(?:\b{_one_of(SIZES)} )?"
        rf"\b{_one_of(COLOURS)} {_one_of(SHAPES)}(?:s|es)?\b"
    ),
    # The longer phrase first: "to the left of" holds "left of".
    "relation": re.compile(rf"\b{_one_of(sorted(RELATIONS, key=len, reverse=True))}\b"),
    "place": re.compile(rf"\b{_one_of(PLACES)}\b"),
}


def parse(text: str) -> Description:
    """Read what a sentence tells, in the phrasings above or close to them.

    An object without a number counts once.

    Raises ValueError when a word is left over, when no object with colour and shape is found, and
    when a relation or place does not say of which object.
    """
    rest = " ".join(re.findall(r"\w+", text.lower()))
    rest = rest.replace("gray", "grey").replace("center", "centre")
    found = {}
    for name, pattern in PATTERNS.items():
        found[name] = [match.groups() for match in pattern.finditer(rest)]
        rest = pattern.sub("and", rest)
    unread = [word for word in rest.split() if word not in FILLERS]
    if unread or not found["mentions"]:
        raise ValueError(
            f"{' '.join(unread) or text!r} cannot be read in {text!r}. Each object needs a colour "
            f"({', '.join(COLOURS)}) and a shape ({', '.join(SHAPES)}), as in "
            "'a large red circle left of a small blue square on a white background'."
        )
    mentions = tuple(
        Mention(shape=shape, colour=colour, size=size, count={"two": 2, "three": 3}.get(number, 1))
        for number, size, colour, shape in found["mentions"]
    )
    _check_once(text, found)
    told = {name: groups[0][0] for name, groups in found.items() if groups}
    return Description(
        mentions=mentions,
        relation=RELATIONS.get(told.get("relation", "")),
        place=PLACES.get(told.get("place", "")),
        background=told.get("background"),
    )


def _check_once(text: str, found: dict[str, list[tuple]]) -> None:
    """Raise ValueError unless each clause is told once and of objects that can have it."""
    mentions = len(found["mentions"])
    most = {"background": 1, "relation": mentions == 2, "place": mentions == 1}
    for name, limit in most.items():
        if len(found[name]) > limit:
            raise ValueError(
                f"{text!r} tells a {name} {len(found[name])} times for objects told {mentions} "
                "times. A relation needs two objects, a place a single one, each told once."
            )
