"""How far two programs are apart, place by place: where does a difference begin?"""

from collections.abc import Mapping

from matplotlib.axes import Axes

from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme

FLOOR = 1e-9  # where bars begin; a place without a bar differs by less, or not at all
FLOAT32 = 2.0**-23  # the distance from 1 to the next float32


def plot_errors(errors: Mapping[str, Mapping[str, float]]) -> Figure:
    """A bar for each place, from the first to the last downwards; a panel for each comparison.

    errors  title of a panel → place → difference beside the value's size, from 0. All panels have
            the same places. One that is named after a point has its stream's colour.

    Raises ValueError when there are no panels, or their places differ.
    """
    panels = list(errors.values())
    if not panels or any(list(panel) != list(panels[0]) for panel in panels):
        raise ValueError(
            f"errors has {len(panels)} panels with {[len(panel) for panel in panels]} places, but "
            f"each needs the same ones."
        )
    places = list(panels[0])
    fig = new_figure(1.9 + 2.6 * len(panels), 0.9 + 0.15 * len(places))
    axes = fig.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    largest = max(max(panel.values()) for panel in panels)
    for ax, (title, panel) in zip(axes, errors.items(), strict=True):
        _bars(ax, panel)
        ax.set(title=title, xlim=(FLOOR, max(1.0, 2 * largest)))
    axes[0].set_yticks(range(len(places)), places, fontsize=7)
    axes[0].set_ylim(len(places) - 0.4, -0.6)
    key = "largest difference, beside the largest value; dashed: one unit of float32"
    fig.supxlabel(key, fontsize=9, color=current_theme().quiet)
    return described(fig, _told(errors))


def _bars(ax: Axes, panel: Mapping[str, float]) -> None:
    theme = current_theme()
    for row, (place, error) in enumerate(panel.items()):
        ax.barh(row, max(error, FLOOR), 0.72, color=_colour(place))
    ax.set_xscale("log")
    ax.axvline(FLOAT32, color=theme.quiet, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    ax.grid(axis="x", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[:].set_visible(False)


def _colour(place: str) -> str:
    words = place.split(".")
    stream = "image" if "img" in words else "text" if "txt" in words else None
    return COLOURS[stream] if stream else current_theme().quiet


def _told(errors: Mapping[str, Mapping[str, float]]) -> str:
    told = []
    for title, panel in errors.items():
        worst = max(panel, key=lambda place: panel[place])
        told.append(f"{title}: at most {panel[worst]:.0e}, in {worst}")
    count = len(next(iter(errors.values())))
    return f"How far two programs are apart in each of {count} places. {'; '.join(told)}."
