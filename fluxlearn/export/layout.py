"""Where the boxes of a diagram stand, worked out from what is computed from what.

    down      a box stands one row below the lowest it is computed from
    across    text on the left, image on the right, what concerns both between them
    beside    modulation stands beside the box that it enters

Only names, shapes in words and arrows go in, so the same rules lay out a block and a whole model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LANES = ("text", "both", "image", "vector")


@dataclass
class Place:
    """Where a box stands: columns to the right, rows down."""

    lane: str  # one of LANES
    x: float = 0.0
    y: float = 0.0
    beside: bool = False  # a small box at the side of the one that it enters


def lane_of(shape: str) -> str:
    """What a value belongs to, told by its axes: text, image, both streams, or one vector."""
    words = shape.split()
    lanes = {"txt": "text", "img": "image", "seq": "both"}
    return next((lane for axis, lane in lanes.items() if axis in words), "vector")


def place_boxes(
    made_from: Mapping[str, Sequence[str]], shapes: Mapping[str, str]
) -> dict[str, Place]:
    """A place for each box.

    made_from  name → names of the boxes with an arrow to it, in an order of execution.
    shapes     name → its axes in words.
    """
    places = {name: Place(lane_of(shapes[name])) for name in made_from}
    enters: dict[str, list[str]] = {name: [] for name in made_from}
    for name, earlier in made_from.items():
        for other in earlier:
            enters[other].append(name)
    for name, place in places.items():
        into = [places[other].lane for other in enters[name]]
        alone = place.lane == "vector" and "vector" not in into and not made_from[name]
        place.beside = alone and len(into) == 1
    _place_down(places, made_from, enters)
    _place_across(places, made_from)
    _place_beside(places, enters)
    return places


def _place_down(
    places: dict[str, Place],
    made_from: Mapping[str, Sequence[str]],
    enters: Mapping[str, Sequence[str]],
) -> None:
    for name, earlier in made_from.items():
        above = [places[other].y for other in earlier if not places[other].beside]
        places[name].y = max(above, default=-1) + 1
    # What is made from nothing here can wait until just before it is needed.
    for name in reversed(list(made_from)):
        if not made_from[name] and enters[name]:
            places[name].y = max(0, min(places[other].y for other in enters[name]) - 1)


def _place_across(places: dict[str, Place], made_from: Mapping[str, Sequence[str]]) -> None:
    """Each lane around its own middle; a box below what it is made from, where there is room."""
    rows: dict[tuple[str, float], list[str]] = {}
    for name, place in places.items():
        if not place.beside:
            rows.setdefault((place.lane, place.y), []).append(name)
    middle = _middles(rows)
    for (lane, _), names in sorted(rows.items(), key=lambda item: item[0][1]):
        wanted = {name: _wanted(name, lane, places, made_from, middle[lane]) for name in names}
        names = sorted(names, key=wanted.__getitem__)
        xs = [wanted[name] for name in names]
        if any(b - a < 1 for a, b in zip(xs, xs[1:], strict=False)):
            centre = sum(xs) / len(xs)
            xs = [centre + i - (len(xs) - 1) / 2 for i in range(len(xs))]
        for name, x in zip(names, xs, strict=True):
            places[name].x = x


def _wanted(
    name: str,
    lane: str,
    places: Mapping[str, Place],
    made_from: Mapping[str, Sequence[str]],
    middle: float,
) -> float:
    """Below the one box of its lane that it is made from; else the middle of the lane."""
    above = [places[o].x for o in made_from[name] if places[o].lane == lane]
    return above[0] if len(above) == 1 else middle


def _middles(rows: Mapping[tuple[str, float], Sequence[str]]) -> dict[str, float]:
    wide = {
        lane: max((len(n) for (where, _), n in rows.items() if where == lane), default=0)
        for lane in LANES
    }
    together = [
        len(names)
        for (lane, y), names in rows.items()
        if lane == "both" and (("text", y) in rows or ("image", y) in rows)
    ]
    half = max(together, default=0) / 2 + 0.1
    right = half + wide["image"] if wide["image"] else wide["both"] / 2
    return {
        "text": -(half + wide["text"] / 2) if wide["text"] and wide["image"] else 0.0,
        "both": 0.0,
        "image": half + wide["image"] / 2 if wide["text"] and wide["image"] else 0.0,
        "vector": right + wide["vector"] / 2 + 0.4,
    }


def _place_beside(places: dict[str, Place], enters: Mapping[str, Sequence[str]]) -> None:
    """At the outer side of the box that is entered; several share its height."""
    guests: dict[str, list[Place]] = {}
    for name, place in places.items():
        if place.beside:
            guests.setdefault(enters[name][0], []).append(place)
    for host, group in guests.items():
        side = -1 if places[host].lane == "text" else 1
        for number, place in enumerate(group):
            place.x = places[host].x + 1.3 * side
            place.y = places[host].y + 0.44 * (number - (len(group) - 1) / 2)
