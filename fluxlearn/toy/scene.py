"""What is in a toy picture: one to three flat objects on a plain background.

A scene is data. Everything said about it (its place, its relation, its split) is derived from the
numbers, so that picture, caption and evaluation can never disagree about what the truth is.

    picture   128 × 128 px; x runs right, y runs down; (64, 64) is the middle
    thing     a shape in a colour, with the centre and the half-width of its bounding box; scenes
              are drawn in two sizes, with centres in nine places, three by three, 32 px apart
    split     "novel" when a held-out colour × shape occurs, else "test" or "train" by a hash

Objects keep a margin to the edge and a gap between their bounding boxes, so nothing is hidden.
Places and relations that a viewer could dispute are None, and captions leave them out.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass

CANVAS = 128  # px, both sides
MARGIN = 3  # px, at least, between an object and the edge
GAP = 2 * MARGIN  # px, at least, between two bounding boxes
GRID = 32  # px between the places where centres lie: three by three of them

SHAPES = ("circle", "square", "triangle", "cross")
COLOURS = {  # RGB in 0..255, more than 100 apart from one another and from the backgrounds
    "red": (215, 15, 30),
    "orange": (255, 125, 0),
    "yellow": (255, 235, 30),
    "green": (0, 160, 60),
    "blue": (20, 70, 230),
    "purple": (160, 30, 180),
}
BACKGROUNDS = {"white": (255, 255, 255), "grey": (128, 128, 128), "black": (0, 0, 0)}
SIZES = {"small": 14.0, "large": 26.0}  # half-width of the bounding box, px
SIZE_BORDER = 20.0  # px, halfway between the two

PLACES = (
    ("top left", "top", "top right"),
    ("left", "centre", "right"),
    ("bottom left", "bottom", "bottom right"),
)
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
PLACE_CLEARANCE = 4.0  # px between a centre and the border of its cell
RELATION_RATIO = 1.4  # the main offset over the other one

HELD_OUT = {("red", "triangle"), ("blue", "cross"), ("green", "circle"), ("yellow", "square")}
SPLITS = ("train", "test", "novel")


def place_of(x: float, y: float, clearance: float = 0.0) -> str | None:
    """Name the cell of a 3 × 3 grid that holds a point; None within `clearance` px of a border."""
    third = CANVAS / 3
    if any(abs(at - border) < clearance for at in (x, y) for border in (third, 2 * third)):
        return None
    column, row = (min(2, max(0, int(at // third))) for at in (x, y))
    return PLACES[row][column]


def relation_of(dx: float, dy: float, ratio: float = 1.0) -> str | None:
    """Say where a thing lies that is (dx, dy) px from another; None when it is too diagonal."""
    if max(abs(dx), abs(dy)) < ratio * min(abs(dx), abs(dy)):
        return None
    if abs(dx) >= abs(dy):
        return "left of" if dx < 0 else "right of"
    return "above" if dy < 0 else "below"


def size_of(half_width: float) -> str:
    """Name a half-width in px: small or large."""
    return "small" if half_width < SIZE_BORDER else "large"


def check_word(value: str, choices: Collection[str], what: str) -> None:
    """Raise ValueError unless `value` is one of the words the toy world has for `what`."""
    if value not in choices:
        words = ", ".join(choices)
        raise ValueError(
            f"{what} is {value!r} but the toy world knows {words}. Choose one of these."
        )


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One object of a scene."""

    shape: str
    colour: str
    half_width: float  # px, half the side of the bounding box
    x: float  # px, centre of the bounding box
    y: float

    def __post_init__(self):
        check_word(self.shape, SHAPES, "shape")
        check_word(self.colour, COLOURS, "colour")

    @property
    def size(self) -> str:
        """Small or large."""
        return size_of(self.half_width)

    @property
    def words(self) -> tuple[str, str, str]:
        """What a caption can say about the thing alone: size, colour, shape."""
        return self.size, self.colour, self.shape


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A background and one to three things; `==` compares all numbers."""

    background: str
    things: tuple[Thing, ...]

    def __post_init__(self):
        check_word(self.background, BACKGROUNDS, "background")
        if not 1 <= len(self.things) <= 3:
            raise ValueError(
                f"a scene has 1 to 3 things but {len(self.things)} were given. "
                "Leave some out, or draw several scenes."
            )

    @property
    def place(self) -> str | None:
        """The cell of the only thing; None for several things and close to a border."""
        if len(self.things) != 1:
            return None
        return place_of(self.things[0].x, self.things[0].y, PLACE_CLEARANCE)

    @property
    def relation(self) -> str | None:
        """How the first of two different things lies to the second; None when it is disputable."""
        if len(self.things) != 2 or self.things[0].words == self.things[1].words:
            return None
        first, second = self.things
        return relation_of(first.x - second.x, first.y - second.y, RELATION_RATIO)

    def to_json(self) -> str:
        """Write the scene as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        things = tuple(Thing(**thing) for thing in fields["things"])
        return cls(background=fields["background"], things=things)


def fits(things: tuple[Thing, ...]) -> bool:
    """Tell whether all things keep the margin to the edge and the gap to one another."""
    for i, a in enumerate(things):
        reach = MARGIN + a.half_width
        if not (reach <= a.x <= CANVAS - reach and reach <= a.y <= CANVAS - reach):
            return False
        for b in things[:i]:
            apart = max(abs(a.x - b.x), abs(a.y - b.y))
            if apart < a.half_width + b.half_width + GAP:
                return False
    return True


def split_of(scene: Scene) -> str:
    """Tell to which split a scene belongs: train, test (about one in ten) or novel.

    The hash covers background, sizes, colours, shapes and relation, whichever thing is named first,
    but no place: a test caption that tells size and background is then never a training caption.
    """
    if any((thing.colour, thing.shape) in HELD_OUT for thing in scene.things):
        return "novel"
    words = [thing.words for thing in scene.things]
    relation = scene.relation
    if relation and words[0] > words[1]:
        relation = OPPOSITE[relation]
    # Python's own hash() of a text differs from process to process.
    meaning = repr((scene.background, sorted(words), relation))
    return "test" if hashlib.sha256(meaning.encode()).digest()[0] < 26 else "train"
