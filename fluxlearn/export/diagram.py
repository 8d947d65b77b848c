"""A diagram of a block or of the whole model, drawn from the code.

    plot_diagram(flux, "double.0.*")
    plot_diagram(flux, "single.0.*")
    plot_diagram(flux, OVERVIEW)

Nothing in it is drawn by hand. The boxes are points that fire when the model runs, with the
equations of the tables; the arrows are what autograd says was computed from what (`lineage.py`);
colours and places follow from the points' shapes (`layout.py`). So the diagram of a changed model
is a changed diagram.
"""

from collections.abc import Iterable, Mapping
from os.path import commonprefix
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from fluxlearn.export.layout import Place, place_boxes
from fluxlearn.export.lineage import lineage
from fluxlearn.model.flux import Flux
from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme
from fluxlearn.trace.point import Point

OVERVIEW = (
    "in.*", "embed.*", "vec", "pe", "double.*.resid_post", "stream", "single.*.resid_post",
    "final.resid", "out.velocity",
)  # fmt: skip
WIDTH, HEIGHT, LOW = 0.92, 0.6, 0.36  # of a box, of the low ones beside, in columns and rows
GAP = 1 - HEIGHT  # between two rows
MARGIN = 0.6  # columns, from the middle of the outermost boxes
COLUMN, ROW = 1.5, 0.72  # inches


def plot_diagram(flux: Flux, points: str | Iterable[str] = "double.0.*") -> Figure:
    """The chosen points as boxes, in the order in which they are computed from one another.

    points  names or globs; choosing fewer gives a coarser diagram.

    Raises UnknownPointError for a misspelt name.
    """
    made_from = lineage(flux, points)
    table = {point.name: point for point in flux.points()}
    places = place_boxes(made_from, {name: table[name].shape for name in made_from})
    prefix = _shared_prefix(list(made_from))
    xs, ys = ([getattr(p, axis) for p in places.values()] for axis in "xy")
    across, down = max(xs) - min(xs) + 2 * MARGIN, max(ys) - min(ys) + 1
    fig = new_figure(COLUMN * across, ROW * down)
    ax = fig.subplots()
    clear_frame(ax)
    ax.set(xlim=(min(xs) - MARGIN, max(xs) + MARGIN), ylim=(max(ys) + 0.5, min(ys) - 0.5))
    for name, earlier in made_from.items():
        for other in earlier:
            _draw_arrow(ax, places[other], places[name], places)
    for name, place in places.items():
        _draw_box(ax, table[name], name.removeprefix(prefix), place)
    return described(fig, _told(made_from, prefix))


def _shared_prefix(names: list[str]) -> str:
    """The path that all names begin with, up to a dot: `double.0.`."""
    path, dot, _ = commonprefix(names).rpartition(".")
    return path + dot if len(names) > 1 else ""


def _colour(place: Place) -> str:
    theme = current_theme()
    return {"both": theme.quiet, "vector": COLOURS["time"], **COLOURS}[place.lane]


def _draw_box(ax: Axes, point: Point, name: str, place: Place) -> None:
    theme, height = current_theme(), LOW if place.beside else HEIGHT
    corner = (place.x - WIDTH / 2, place.y - height / 2)
    ax.add_patch(
        FancyBboxPatch(
            corner, WIDTH, height, boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=theme.card, edgecolor=_colour(place), linewidth=1.2,
        )
    )  # fmt: skip
    if place.beside:
        ax.text(place.x, place.y, name, ha="center", va="center", fontsize=7)
        return
    equation = "\n".join(wrap(point.equation, 26)[:2])
    size = min(8.0, 8.0 * 17 / len(name))
    ax.text(place.x, place.y - 0.13, name, ha="center", va="center", fontsize=size, weight="bold")
    ax.text(
        place.x, place.y + 0.12, equation, ha="center", va="center", fontsize=6,
        color=theme.quiet, linespacing=1.1,
    )  # fmt: skip


def _draw_arrow(ax: Axes, start: Place, end: Place, places: Mapping[str, Place]) -> None:
    route = _route(start, end, list(places.values()))
    arrow = FancyArrowPatch(
        path=Path(route), arrowstyle="-|>", mutation_scale=7, shrinkA=0, shrinkB=0,
        linewidth=0.9, edgecolor=_colour(start), facecolor=_colour(start), zorder=0.5,
    )  # fmt: skip
    ax.add_patch(arrow)


def _route(start: Place, end: Place, boxes: list[Place]) -> list[tuple[float, float]]:
    """The corners of an arrow that passes no box on its way."""
    if start.beside:
        side = WIDTH / 2 if end.x > start.x else -WIDTH / 2
        return [(start.x + side, start.y), (end.x - side, end.y + 0.4 * (start.y - end.y))]
    bottom, top = start.y + HEIGHT / 2, end.y - HEIGHT / 2
    # Down one column, and across only in the gap between two rows, where no box is.
    if _is_free(start.x, start, end, boxes):
        return [(start.x, bottom), (start.x, top - GAP), (end.x, top)]
    if _is_free(end.x, start, end, boxes):
        return [(start.x, bottom), (end.x, bottom + GAP), (end.x, top)]
    return _around(start, end, boxes)


def _is_free(column: float, start: Place, end: Place, boxes: list[Place]) -> bool:
    return not any(
        start.y < box.y < end.y and abs(box.x - column) < WIDTH / 2 + 0.03 for box in boxes
    )


def _around(start: Place, end: Place, boxes: list[Place]) -> list[tuple[float, float]]:
    """Out at the side, down past all boxes of the lane that are in the way, and in again."""
    side = -1 if end.lane == "text" else 1
    between = [
        b.x for b in boxes if b.lane == end.lane and start.y <= b.y <= end.y and not b.beside
    ]
    gutter = (max if side > 0 else min)(between) + side * (WIDTH / 2 + 0.09)
    edge = side * WIDTH / 2
    return [(start.x + edge, start.y), (gutter, start.y), (gutter, end.y), (end.x + edge, end.y)]


def _told(made_from: Mapping[str, list[str]], prefix: str) -> str:
    names = [name.removeprefix(prefix) for name in made_from]
    arrows = sum(map(len, made_from.values()))
    where = f" of {prefix.rstrip('.')}" if prefix else ""
    return (
        f"A diagram of {len(names)} points{where} and {arrows} arrows between them, from "
        f"{names[0]} to {names[-1]}."
    )
